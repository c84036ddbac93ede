DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'customers' AND column_name = 'name') THEN
    ALTER TABLE customers RENAME COLUMN name TO title;
  ELSIF NOT EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'customers') THEN
    RAISE EXCEPTION 'no customers';
  END IF;
  ALTER TABLE customers DROP COLUMN IF EXISTS nickname;
END $$;
DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'orders' AND column_name = 'note') THEN
    UPDATE orders SET status = status || '!' WHERE note LIKE '%1%';
    DROP INDEX orders_status_idx;
    RETURN;
  END IF;
  DROP TABLE orders;
END $$;
