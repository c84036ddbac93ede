CREATE TABLE "order" ("id" text PRIMARY KEY);
ALTER TABLE "order" ALTER COLUMN "id" TYPE uuid USING "id"::uuid;
