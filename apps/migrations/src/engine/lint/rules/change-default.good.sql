CREATE TABLE "order" ("id" bigint PRIMARY KEY, "state" text);
ALTER TABLE "order" ALTER COLUMN "state" SET DEFAULT 'open';
