CREATE TABLE "order" ("id" bigint PRIMARY KEY, "note" text);
ALTER TABLE "order" RENAME COLUMN "note" TO "remark";
