CREATE INDEX CONCURRENTLY "order_customer_id_placed_at_idx" ON "order" ("customer_id", "placed_at");
-- next migration
DROP INDEX CONCURRENTLY "order_customer_id_idx";
