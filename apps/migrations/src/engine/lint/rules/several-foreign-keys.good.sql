ALTER TABLE "order" ADD CONSTRAINT "order_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer" ("id") NOT VALID;
-- next migration
ALTER TABLE "line" ADD CONSTRAINT "line_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "order" ("id") NOT VALID;
