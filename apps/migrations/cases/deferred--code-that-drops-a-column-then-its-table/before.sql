CREATE TABLE endpoints (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE events (id serial PRIMARY KEY, endpoint_id integer, CONSTRAINT events_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints (id));
