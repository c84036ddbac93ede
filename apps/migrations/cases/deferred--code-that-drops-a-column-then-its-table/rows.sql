INSERT INTO endpoints (name) SELECT 'e' || i FROM generate_series(1, 10) AS i;
INSERT INTO events (endpoint_id) SELECT 1 + i % 10 FROM generate_series(1, 50) AS i;
