INSERT INTO threads (comments) SELECT 0 FROM generate_series(1, 30);
INSERT INTO comments (thread_id) SELECT 1 + i % 30 FROM generate_series(1, 90) AS i;
