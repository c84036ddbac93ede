CREATE TABLE "invoice" ("id" bigint PRIMARY KEY, "order_id" bigint NOT NULL);
CREATE INDEX "invoice_order_id_idx" ON "invoice" ("order_id");
-- next migration
CREATE INDEX CONCURRENTLY "order_customer_id_idx" ON "order" ("customer_id");
