CREATE TABLE "order" ("id" bigint PRIMARY KEY, "price" numeric(10, 2), "note" text);
CREATE VIEW "open_order" AS SELECT "id" FROM "order";
-- next migration
ALTER TABLE "order" RENAME CONSTRAINT "order_pkey" TO "order_key";
