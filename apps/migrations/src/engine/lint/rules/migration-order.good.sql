-- next migration: 20260101000000_customer
CREATE TABLE "customer" ("id" bigint PRIMARY KEY);
-- next migration: 20260102000000_order
CREATE TABLE "order" ("id" bigint PRIMARY KEY);
