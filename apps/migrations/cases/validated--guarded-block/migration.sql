DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'orders_customer_id_fkey') THEN
    ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE;
  END IF;
  IF EXISTS (SELECT FROM pg_indexes WHERE indexname = 'orders_status_idx' AND schemaname = current_schema()) THEN
    RAISE NOTICE 'the index is there';
  ELSE
    PERFORM pg_sleep(1);
  END IF;
END $$;
DO $block$ BEGIN
  BEGIN
    CREATE TABLE refunds (id serial PRIMARY KEY);
    ALTER TABLE orders ADD COLUMN status text;
  EXCEPTION WHEN duplicate_column OR duplicate_table THEN
    EXECUTE 'ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0)';
  END;
  CREATE INDEX orders_customer_id_idx ON orders (customer_id);
END $block$;
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM information_schema.table_constraints WHERE constraint_name = 'orders_customer_id_fkey') THEN
    ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);
  END IF;
END $$;
