CREATE TABLE "order" ("id" bigint PRIMARY KEY);
ALTER TABLE "order" ADD COLUMN "code" text UNIQUE;
