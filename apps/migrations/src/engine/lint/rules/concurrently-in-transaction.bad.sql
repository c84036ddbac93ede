CREATE TABLE "invoice" ("id" bigint PRIMARY KEY);
CREATE INDEX CONCURRENTLY "order_customer_id_idx" ON "order" ("customer_id");
