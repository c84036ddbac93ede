INSERT INTO customers (email, name, nickname, created_at) SELECT 'c' || i || '@example.com', 'name ' || i, 'n' || i, '2005-01-01' FROM generate_series(1, 40) AS i;
INSERT INTO orders (customer_id, status, total, note) SELECT 1 + i % 40, CASE WHEN i % 3 = 0 THEN 'paid' ELSE 'new' END, i, 'note ' || i FROM generate_series(1, 300) AS i;
