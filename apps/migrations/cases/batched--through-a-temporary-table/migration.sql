SELECT id, email INTO TEMPORARY TABLE tmp_c FROM customers WHERE id < 10;
UPDATE customers c SET name = t.email FROM tmp_c t WHERE t.id = c.id;
CREATE TEMP TABLE best ON COMMIT DROP AS SELECT id FROM orders WHERE total > 50;
