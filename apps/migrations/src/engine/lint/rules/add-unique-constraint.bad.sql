ALTER TABLE "order" ADD CONSTRAINT "order_code_key" UNIQUE ("code");
