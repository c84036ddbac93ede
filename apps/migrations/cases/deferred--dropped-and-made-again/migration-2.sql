ALTER TABLE orders ADD COLUMN note jsonb;
UPDATE orders SET note = '{}';
