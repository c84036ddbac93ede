CREATE TABLE "order" ("id" bigint PRIMARY KEY, "code" varchar(20));
