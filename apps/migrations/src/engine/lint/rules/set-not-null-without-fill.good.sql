CREATE TABLE "order" ("id" bigint PRIMARY KEY, "code" text);
ALTER TABLE "order" ALTER COLUMN "code" SET NOT NULL;
