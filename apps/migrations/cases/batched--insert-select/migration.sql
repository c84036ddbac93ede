INSERT INTO customers (email, name, created_at) SELECT 'copy-' || email, name, created_at FROM customers WHERE id < 5;
