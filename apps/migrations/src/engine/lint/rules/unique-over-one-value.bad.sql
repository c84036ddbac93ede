-- freehold: lint-ignore add-column "stands for the column that is made unique"
ALTER TABLE "order" ADD COLUMN "code" text NOT NULL DEFAULT '';
-- freehold: lint-ignore create-index, statement-after-strong-lock "stands for the index that cannot be built"
CREATE UNIQUE INDEX "order_code_key" ON "order" ("code");
