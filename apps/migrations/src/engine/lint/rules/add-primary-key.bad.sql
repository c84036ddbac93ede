ALTER TABLE "order" ADD CONSTRAINT "order_pkey" PRIMARY KEY ("id");
