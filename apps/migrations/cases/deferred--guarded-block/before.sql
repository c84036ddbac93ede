CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL, name text, nickname text, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id integer NOT NULL, status text NOT NULL DEFAULT 'new', total numeric(10,2), note varchar(80));
CREATE INDEX orders_status_idx ON orders (status);
