CREATE DOMAIN "amount" AS bigint CONSTRAINT "amount_check" CHECK (VALUE >= 0);
CREATE TABLE "order" ("id" bigint PRIMARY KEY, "total" "amount");
-- next migration
ALTER DOMAIN "amount" ADD CONSTRAINT "amount_max_check" CHECK (VALUE < 1000000000) NOT VALID;
