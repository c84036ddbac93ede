CREATE TABLE "order" ("id" bigint PRIMARY KEY, "price" numeric(10, 2));
-- next migration
ALTER TABLE "order" ALTER COLUMN "price" TYPE numeric(10, 2);
