CREATE TABLE "order" ("id" bigint PRIMARY KEY);
CREATE TRIGGER "order_audit" AFTER UPDATE ON "order" FOR EACH ROW EXECUTE FUNCTION "write_audit"();
