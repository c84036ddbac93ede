CREATE TABLE "order" ("id" bigint PRIMARY KEY, "note" text);
ALTER TABLE "order" DROP COLUMN "note";
