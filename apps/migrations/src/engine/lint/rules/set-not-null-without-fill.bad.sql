-- freehold: lint-ignore add-column "stands for the column that becomes NOT NULL"
ALTER TABLE "order" ADD COLUMN "code" text;
-- freehold: lint-ignore several-alter-tables, statement-after-strong-lock "the same from another side"
ALTER TABLE "order" ALTER COLUMN "code" SET NOT NULL;
