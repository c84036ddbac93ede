DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN "seen" boolean', name);
  END LOOP;
END
$$;
-- next migration
CALL "fill_totals"();
