CREATE TABLE "order" ("id" bigint PRIMARY KEY, "total" integer);
-- next migration
ALTER TABLE "order" ALTER COLUMN "total" TYPE bigint;
