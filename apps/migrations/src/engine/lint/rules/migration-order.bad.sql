-- next migration: 10_customer
CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
-- next migration: 9_order
CREATE TABLE "order" ("id" bigint PRIMARY KEY);
