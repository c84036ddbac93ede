CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text, user_id integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE logs (id serial PRIMARY KEY, event_id bigint, event_at date);
CREATE TABLE events_2026 (id bigint NOT NULL, at date NOT NULL, kind text, user_id integer, PRIMARY KEY (id, at));
