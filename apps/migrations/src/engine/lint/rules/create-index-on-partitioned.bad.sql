CREATE TABLE "event" ("id" bigint, "at" timestamptz, "kind" text, PRIMARY KEY ("id", "at")) PARTITION BY RANGE ("at");
-- next migration
CREATE INDEX "event_kind_idx" ON "event" ("kind");
