CREATE TABLE "order" ("id" bigint PRIMARY KEY, "note" text);
-- next migration
ALTER TABLE "order" ALTER COLUMN "note" DROP NOT NULL;
