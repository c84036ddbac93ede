ALTER TABLE logs ADD CONSTRAINT logs_event FOREIGN KEY (event_id, event_at) REFERENCES events (id, at);
ALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE events ALTER COLUMN kind SET NOT NULL;
ALTER TABLE events ADD CONSTRAINT kind_given CHECK (kind <> '');
