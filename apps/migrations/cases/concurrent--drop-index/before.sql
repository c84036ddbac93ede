CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL, name text, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  customer_id integer NOT NULL,
  status text NOT NULL DEFAULT 'new',
  total numeric(10,2),
  note varchar(80)
);
CREATE INDEX orders_status_idx ON orders (status);
-- The catalog prints what an index is made with as words in quotes.
CREATE UNIQUE INDEX orders_all_key ON orders (customer_id DESC NULLS LAST, lower(status) text_pattern_ops) INCLUDE (note) WITH (fillfactor = 90, deduplicate_items = off) WHERE total IS NULL;
