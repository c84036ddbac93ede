GRANT SELECT ON "order" TO "reporting";
-- next migration
ALTER TABLE "order" ENABLE ROW LEVEL SECURITY;
