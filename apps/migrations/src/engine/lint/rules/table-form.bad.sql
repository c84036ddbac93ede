CREATE TABLE "log" ("line" text);
-- next migration
CREATE TABLE IF NOT EXISTS "order" ("id" bigint PRIMARY KEY);
-- next migration
CREATE TABLE "order_copy" AS SELECT * FROM "order";
