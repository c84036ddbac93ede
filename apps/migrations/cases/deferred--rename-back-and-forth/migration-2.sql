ALTER TABLE a RENAME TO b;
ALTER TABLE b ADD COLUMN x integer;
ALTER TABLE orders RENAME COLUMN remark TO words;
ALTER TABLE orders ADD COLUMN sub text;
UPDATE orders SET sub = words;
CREATE INDEX orders_words_idx ON orders (words);
