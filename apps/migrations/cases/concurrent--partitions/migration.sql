CREATE INDEX events_kind ON events (kind);
CREATE UNIQUE INDEX events_u ON events (user_id, at, id);
CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
