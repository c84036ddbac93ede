CREATE TABLE "order" ("id" bigint PRIMARY KEY, "code" text UNIQUE, "a" text, "b" text);
CREATE INDEX "order_a_idx" ON "order" ("a");
CREATE INDEX "order_a_b_idx" ON "order" ("a", "b");
CREATE INDEX "order_code_idx" ON "order" ("code" text_pattern_ops);
