DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'customers' AND column_name = 'name') THEN ALTER TABLE customers RENAME COLUMN name TO title; END IF; END $$;
CREATE INDEX customers_title_idx ON customers (title);
DO $$ BEGIN ALTER TABLE orders DROP COLUMN note; EXCEPTION WHEN undefined_column THEN NULL; END $$;
ALTER TABLE orders ADD COLUMN note integer;
