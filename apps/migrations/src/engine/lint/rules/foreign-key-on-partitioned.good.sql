CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
-- next migration
CREATE TABLE "event" ("customer_id" bigint, "at" timestamptz, PRIMARY KEY ("customer_id", "at")) PARTITION BY RANGE ("at");
ALTER TABLE "event" ADD CONSTRAINT "event_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer" ("id");
