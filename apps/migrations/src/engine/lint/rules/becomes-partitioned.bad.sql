ALTER TABLE "event" RENAME TO "event_old";
CREATE TABLE "event" ("id" bigint, "at" timestamptz, PRIMARY KEY ("id", "at")) PARTITION BY RANGE ("at");
