-- freehold: lint-ignore table-form "gets its key below"
CREATE TABLE "order" ("id" bigint);
-- next migration
CREATE UNIQUE INDEX CONCURRENTLY "order_pkey" ON "order" ("id");
-- next migration
ALTER TABLE "order" ADD CONSTRAINT "order_pkey" PRIMARY KEY USING INDEX "order_pkey";
