UPDATE "order" SET "state" = 'open' WHERE "state" IS NULL;
-- next migration
DELETE FROM "order";
