ALTER SCHEMA "sales" RENAME TO "orders";
-- next migration
DROP SCHEMA "archive" CASCADE;
