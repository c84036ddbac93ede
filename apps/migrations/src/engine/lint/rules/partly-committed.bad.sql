BEGIN;
CREATE TABLE "order" ("id" bigint PRIMARY KEY);
COMMIT;
CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
