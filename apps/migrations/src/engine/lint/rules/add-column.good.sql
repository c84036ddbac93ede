CREATE TABLE "order" ("id" bigint PRIMARY KEY);
ALTER TABLE "order" ADD COLUMN "note" text;
