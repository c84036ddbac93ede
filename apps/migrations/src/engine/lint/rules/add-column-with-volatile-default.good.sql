CREATE TABLE "order" ("id" bigint PRIMARY KEY);
ALTER TABLE "order" ADD COLUMN "token" uuid NOT NULL DEFAULT gen_random_uuid();
