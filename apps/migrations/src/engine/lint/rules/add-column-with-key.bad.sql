ALTER TABLE "order" ADD COLUMN "code" text UNIQUE;
