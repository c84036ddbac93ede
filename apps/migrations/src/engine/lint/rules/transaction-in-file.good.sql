CREATE TABLE "order" ("id" bigint PRIMARY KEY);
CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
