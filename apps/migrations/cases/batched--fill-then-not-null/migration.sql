ALTER TABLE orders ADD COLUMN label text;
UPDATE orders SET label = upper(status);
ALTER TABLE orders ALTER COLUMN label SET NOT NULL;
