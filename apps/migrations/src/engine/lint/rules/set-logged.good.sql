ALTER TABLE "order" SET (fillfactor = 90);
