CREATE MATERIALIZED VIEW "turnover" AS SELECT "day", sum("total") AS "total" FROM "order" GROUP BY "day";
CREATE UNIQUE INDEX "turnover_day_key" ON "turnover" ("day");
