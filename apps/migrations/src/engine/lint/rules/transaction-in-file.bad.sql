BEGIN;
CREATE TABLE "order" ("id" bigint PRIMARY KEY);
COMMIT;
-- next migration
BEGIN;
CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
