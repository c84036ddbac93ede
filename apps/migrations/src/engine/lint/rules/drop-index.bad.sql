DROP INDEX "order_customer_id_idx";
