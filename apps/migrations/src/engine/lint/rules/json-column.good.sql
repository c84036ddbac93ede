CREATE TABLE "order" ("id" bigint PRIMARY KEY, "detail" jsonb);
