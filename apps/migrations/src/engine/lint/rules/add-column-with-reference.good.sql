CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
CREATE TABLE "order" ("id" bigint PRIMARY KEY);
ALTER TABLE "order" ADD COLUMN "customer_id" bigint REFERENCES "customer" ("id");
CREATE INDEX "order_customer_id_idx" ON "order" ("customer_id");
