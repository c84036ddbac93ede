CREATE TABLE "order" ("id" bigint PRIMARY KEY);
-- next migration
CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
