CREATE TABLE "order" ("id" bigint PRIMARY KEY, "total" bigint, CONSTRAINT "order_total_check" CHECK ("total" >= 0));
ALTER TABLE "order" DROP CONSTRAINT "order_total_check";
