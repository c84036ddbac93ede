CREATE UNIQUE INDEX CONCURRENTLY "order_code_key" ON "order" ("code");
-- next migration
ALTER TABLE "order" ADD CONSTRAINT "order_code_key" UNIQUE USING INDEX "order_code_key";
