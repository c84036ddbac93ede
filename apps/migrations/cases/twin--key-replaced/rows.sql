INSERT INTO metrics SELECT i / 5, i, 'n' || i, i * 3 FROM generate_series(1, 60) AS i;
INSERT INTO pictures SELECT md5(i::text), 'u' || i, 'https://example.org/' || i FROM generate_series(1, 40) AS i;
