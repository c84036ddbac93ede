CREATE TABLE "order" ("id" bigint PRIMARY KEY, "code" text NOT NULL DEFAULT '');
-- next migration
CREATE UNIQUE INDEX CONCURRENTLY "order_code_key" ON "order" ("code");
