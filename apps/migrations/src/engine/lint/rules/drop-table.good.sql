CREATE TABLE "draft" ("id" bigint PRIMARY KEY);
DROP TABLE "draft";
