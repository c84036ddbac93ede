ALTER TABLE "order" ADD CONSTRAINT "order_total_check" CHECK ("total" >= 0) NOT VALID;
-- freehold: lint-ignore statement-after-strong-lock, several-alter-tables "the same from another side"
ALTER TABLE "order" VALIDATE CONSTRAINT "order_total_check";
