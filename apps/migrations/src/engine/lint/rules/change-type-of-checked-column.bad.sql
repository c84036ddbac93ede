CREATE TABLE "order" ("id" bigint PRIMARY KEY, "price" numeric(10, 2) CONSTRAINT "order_price_check" CHECK ("price" >= 0));
-- next migration
ALTER TABLE "order" ALTER COLUMN "price" TYPE numeric(20, 2);
