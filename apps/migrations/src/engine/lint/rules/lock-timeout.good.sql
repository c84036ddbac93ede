SET lock_timeout = '2s';
CREATE TABLE "order" ("id" bigint PRIMARY KEY);
