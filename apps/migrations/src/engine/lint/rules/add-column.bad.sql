ALTER TABLE "order" ADD COLUMN "note" text, ADD COLUMN "state" text NOT NULL DEFAULT 'open';
