ALTER TABLE "order" DROP CONSTRAINT "order_customer_id_fkey";
-- next migration
ALTER TABLE "order" DROP CONSTRAINT "order_pkey";
