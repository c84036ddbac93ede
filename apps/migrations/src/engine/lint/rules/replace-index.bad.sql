CREATE TABLE "order" ("id" bigint PRIMARY KEY, "customer_id" bigint, "placed_at" timestamptz);
CREATE INDEX "order_customer_id_idx" ON "order" ("customer_id");
-- next migration
DROP INDEX "order_customer_id_idx";
CREATE INDEX "order_customer_id_placed_at_idx" ON "order" ("customer_id", "placed_at");
