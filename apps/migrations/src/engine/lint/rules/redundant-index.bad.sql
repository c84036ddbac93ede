CREATE TABLE "order" ("id" bigint PRIMARY KEY, "code" text UNIQUE, "a" text, "b" text, "c" text, "d" text);
CREATE INDEX "order_code_idx" ON "order" ("code");
CREATE INDEX "order_a_b_c_d_idx" ON "order" ("a", "b", "c", "d");
