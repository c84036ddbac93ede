CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
CREATE TABLE "order" (
  "id" bigint PRIMARY KEY,
  "customer_id" bigint NOT NULL,
  CONSTRAINT "order_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer" ("id")
);
CREATE INDEX "order_customer_id_placed_at_idx" ON "order" ("customer_id", "id");
