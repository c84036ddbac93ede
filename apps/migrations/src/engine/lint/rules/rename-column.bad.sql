ALTER TABLE "order" RENAME COLUMN "note" TO "remark";
