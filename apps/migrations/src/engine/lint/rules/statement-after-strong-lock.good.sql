ANALYZE "order";
-- next migration
LOCK TABLE "order" IN ACCESS EXCLUSIVE MODE;
