CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
CREATE TABLE "order" ("id" bigint PRIMARY KEY, "customer_id" bigint);
CREATE INDEX "order_customer_id_idx" ON "order" ("customer_id");
-- next migration
ALTER TABLE "order" ADD CONSTRAINT "order_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer" ("id") NOT VALID;
-- next migration
ALTER TABLE "order" VALIDATE CONSTRAINT "order_customer_id_fkey";
-- next migration
CREATE TABLE "invoice" ("order_id" bigint PRIMARY KEY);
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "order" ("id");
