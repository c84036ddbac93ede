ALTER TABLE "order" DROP COLUMN "note";
