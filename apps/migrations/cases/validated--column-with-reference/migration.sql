ALTER TABLE orders ADD COLUMN referred_by integer REFERENCES customers (id);
