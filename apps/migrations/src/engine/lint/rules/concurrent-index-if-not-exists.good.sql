CREATE INDEX CONCURRENTLY "order_customer_id_idx" ON "order" ("customer_id");
