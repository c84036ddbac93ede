DO $$ BEGIN
  IF EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'events') THEN
    ALTER TABLE events DROP COLUMN IF EXISTS endpoint_id CASCADE;
  END IF;
END $$;
DROP TABLE IF EXISTS endpoints CASCADE;
