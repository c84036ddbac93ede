-- freehold: lint-ignore types-to-avoid "stands for the type that was too small"
CREATE TABLE "order" ("id" integer PRIMARY KEY);
-- next migration
ALTER TABLE "order" ALTER COLUMN "id" TYPE bigint;
