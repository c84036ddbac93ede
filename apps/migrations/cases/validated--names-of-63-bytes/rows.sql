INSERT INTO customers (email, name, created_at) SELECT 'c' || i || '@example.com', 'name ' || i, '2005-01-01' FROM generate_series(1, 40) AS i;
INSERT INTO orders (customer_id, status, total, note) SELECT 1 + i % 40, CASE WHEN i % 3 = 0 THEN 'paid' ELSE 'new' END, i, 'note ' || i FROM generate_series(1, 100) AS i;
INSERT INTO bare SELECT i, 'v' || i FROM generate_series(1, 20) AS i;
INSERT INTO a23456789012345678901234567890123456789012345678901234567890abc SELECT 'x' || i FROM generate_series(1, 9) i;
