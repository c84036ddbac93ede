INSERT INTO orders (total) SELECT i FROM generate_series(1, 50) AS i;
