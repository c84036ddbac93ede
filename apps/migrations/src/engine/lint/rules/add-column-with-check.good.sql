CREATE TABLE "order" ("id" bigint PRIMARY KEY);
ALTER TABLE "order" ADD COLUMN "total" bigint CHECK ("total" >= 0);
