VACUUM FULL "order";
-- next migration
CLUSTER "order" USING "order_pkey";
