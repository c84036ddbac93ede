CREATE TABLE "event" ("id" bigint, "at" timestamptz, PRIMARY KEY ("id", "at")) PARTITION BY RANGE ("at");
