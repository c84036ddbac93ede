CREATE TEMPORARY TABLE "draft" ("id" bigint PRIMARY KEY);
TRUNCATE "draft";
