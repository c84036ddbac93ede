CREATE TABLE threads (id serial PRIMARY KEY, comments integer NOT NULL DEFAULT 0);
CREATE TABLE comments (id serial PRIMARY KEY, thread_id integer NOT NULL);
