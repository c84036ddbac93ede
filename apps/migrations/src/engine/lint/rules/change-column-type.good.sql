CREATE TABLE "order" ("id" bigint PRIMARY KEY, "total" integer);
ALTER TABLE "order" ALTER COLUMN "total" TYPE bigint;
