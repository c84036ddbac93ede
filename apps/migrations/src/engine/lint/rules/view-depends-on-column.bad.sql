CREATE TABLE "order" ("id" bigint PRIMARY KEY, "total" integer, "note" text);
CREATE VIEW "open_order" AS SELECT "id", "total", "note" FROM "order";
-- next migration
ALTER TABLE "order" ALTER COLUMN "total" TYPE bigint;
-- next migration
ALTER TABLE "order" DROP COLUMN "note";
