INSERT INTO withdrawals (provider, note) SELECT CASE WHEN i % 2 = 0 THEN 'Stripe' ELSE 'Paypal' END::"OldProvider", 'n' || i FROM generate_series(1, 120) AS i;
INSERT INTO archived SELECT 1000 + i, 'Stripe' FROM generate_series(1, 20) AS i;
