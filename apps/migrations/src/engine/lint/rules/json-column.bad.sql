CREATE TABLE "order" ("id" bigint PRIMARY KEY, "detail" json);
