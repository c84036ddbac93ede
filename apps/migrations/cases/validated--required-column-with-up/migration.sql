-- freehold: up=upper(status)
ALTER TABLE orders ADD COLUMN label text NOT NULL;
