INSERT INTO users SELECT i FROM generate_series(1, 40) AS i;
INSERT INTO events SELECT i, '2024-06-01'::date + i * 10, 'k', 1 + i % 30 FROM generate_series(1, 50) AS i;
INSERT INTO logs (event_id, event_at) SELECT id, at FROM events;
INSERT INTO events_2026 VALUES (1, '2026-03-01');
