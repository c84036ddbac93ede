CREATE MATERIALIZED VIEW "turnover" AS SELECT "day", sum("total") AS "total" FROM "order" GROUP BY "day";
-- next migration
CREATE UNIQUE INDEX "turnover_day_key" ON "turnover" ("day");
