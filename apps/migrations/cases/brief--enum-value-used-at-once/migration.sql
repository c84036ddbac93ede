ALTER TYPE "State" ADD VALUE 'sent';
CREATE TABLE shipments (id serial PRIMARY KEY);
INSERT INTO orders (state) SELECT 'sent' FROM generate_series(1, 2);
