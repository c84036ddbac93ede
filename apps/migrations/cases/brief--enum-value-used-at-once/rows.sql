INSERT INTO orders (state) SELECT 'new' FROM generate_series(1, 20);
