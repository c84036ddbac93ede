CREATE TABLE "order" ("id" bigint PRIMARY KEY, "customer_id" bigint);
CREATE INDEX "order_customer_id_idx" ON "order" ("customer_id");
DROP INDEX "order_customer_id_idx";
-- next migration
DROP INDEX CONCURRENTLY "order_note_idx";
