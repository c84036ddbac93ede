INSERT INTO customers (email) SELECT 'c' || i FROM generate_series(1, 20) AS i;
INSERT INTO orders (customer_id, parent_id, amount, state, touched, doc, small_doc, period)
  SELECT 1 + i % 20, nullif(i / 2, 0), (i * 1.5)::text, CASE WHEN i % 3 = 0 THEN 'busy' ELSE 'calm' END::mood, i % 7, 'doc ' || i, NULL, int4range(i * 10, i * 10 + 5)
  FROM generate_series(1, 80) AS i;
INSERT INTO lines (order_id, number) SELECT 1 + i % 80, i FROM generate_series(1, 200) AS i;
SELECT setval('orders_id_seq', 500);
