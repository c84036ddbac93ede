CREATE TABLE "order" ("id" bigint PRIMARY KEY, "net" numeric);
ALTER TABLE "order" ADD COLUMN "gross" numeric GENERATED ALWAYS AS ("net" * 1.2) STORED;
