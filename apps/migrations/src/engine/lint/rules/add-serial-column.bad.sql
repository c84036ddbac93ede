ALTER TABLE "order" ADD COLUMN "number" bigserial;
