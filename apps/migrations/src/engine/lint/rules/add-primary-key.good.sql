CREATE TABLE "order" ("id" bigint);
ALTER TABLE "order" ADD CONSTRAINT "order_pkey" PRIMARY KEY ("id");
