INSERT INTO links SELECT i, i + 1 FROM generate_series(1, 60) AS i;
INSERT INTO notes SELECT 'a' || i, 'b' || i FROM generate_series(1, 30) AS i;
INSERT INTO users (id, email, plan) SELECT i, 'u' || i, 'free' FROM generate_series(1, 40) AS i;
