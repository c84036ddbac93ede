CREATE TABLE "order" ("id" bigint PRIMARY KEY, "note" text NOT NULL, "total" integer);
ALTER TABLE "order" ALTER COLUMN "total" SET NOT NULL;
-- next migration
ALTER TABLE "order" ALTER COLUMN "note" SET NOT NULL;
