CREATE TRIGGER "order_audit" AFTER UPDATE ON "order" FOR EACH ROW EXECUTE FUNCTION "write_audit"();
-- next migration
ALTER TABLE "order" DISABLE TRIGGER "order_audit";
-- next migration
DROP TRIGGER "order_audit" ON "order";
