ALTER TABLE "order" ADD COLUMN "code" text NOT NULL;
-- next migration
-- freehold: up='open'
ALTER TABLE "order" ADD COLUMN "state" text NOT NULL;
