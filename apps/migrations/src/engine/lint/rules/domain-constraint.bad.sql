CREATE DOMAIN "amount" AS bigint;
CREATE TABLE "order" ("id" bigint PRIMARY KEY, "total" "amount");
-- next migration
ALTER DOMAIN "amount" ADD CONSTRAINT "amount_check" CHECK (VALUE >= 0);
-- next migration
ALTER DOMAIN "amount" SET NOT NULL;
