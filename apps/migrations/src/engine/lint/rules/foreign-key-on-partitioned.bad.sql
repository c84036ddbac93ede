CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
CREATE TABLE "event" ("customer_id" bigint, "at" timestamptz, PRIMARY KEY ("customer_id", "at")) PARTITION BY RANGE ("at");
-- next migration
ALTER TABLE "event" ADD CONSTRAINT "event_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer" ("id");
