ALTER TABLE "order" ALTER COLUMN "note" SET STATISTICS 500, ALTER COLUMN "note" SET STORAGE EXTERNAL;
-- next migration
ALTER TABLE "order" SET (fillfactor = 90);
