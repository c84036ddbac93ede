CREATE INDEX CONCURRENTLY IF NOT EXISTS "order_customer_id_idx" ON "order" ("customer_id");
