CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
CREATE TABLE "order" (
  "id" bigint PRIMARY KEY,
  "customer_id" integer NOT NULL,
  CONSTRAINT "order_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer" ("id")
);
