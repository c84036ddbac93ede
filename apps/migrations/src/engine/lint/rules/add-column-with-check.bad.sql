ALTER TABLE "order" ADD COLUMN "total" bigint CHECK ("total" >= 0);
