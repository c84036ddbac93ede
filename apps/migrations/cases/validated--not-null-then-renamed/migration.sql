ALTER TABLE customers ALTER COLUMN name SET NOT NULL;
ALTER TABLE customers RENAME COLUMN name TO "fullName";
DROP INDEX orders_status_idx;
ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total >= 0 AND status <> 'x');
ALTER TABLE orders RENAME COLUMN total TO amount;
ALTER TABLE orders RENAME TO purchases;
ALTER TABLE bare ADD PRIMARY KEY (k);
ALTER TABLE bare RENAME COLUMN k TO key;
ALTER TABLE bare RENAME TO barer;
