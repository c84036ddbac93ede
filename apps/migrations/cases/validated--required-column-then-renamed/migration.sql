-- freehold: up=upper(status)
ALTER TABLE orders ADD COLUMN label text NOT NULL;
ALTER TABLE orders RENAME COLUMN label TO tag;
ALTER TABLE orders RENAME TO purchases;
