ALTER TABLE "order" ADD COLUMN "customer_id" bigint REFERENCES "customer" ("id");
-- freehold: lint-ignore create-index, statement-after-strong-lock "goes with the foreign key"
CREATE INDEX "order_customer_id_idx" ON "order" ("customer_id");
