CREATE TABLE items (id serial PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE, sku text NOT NULL);
CREATE UNIQUE INDEX items_sku_key ON items (sku);
