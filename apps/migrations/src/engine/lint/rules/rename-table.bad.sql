ALTER TABLE "order" RENAME TO "purchase";
