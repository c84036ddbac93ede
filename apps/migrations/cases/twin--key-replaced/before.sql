CREATE TABLE metrics (model_id integer NOT NULL, version_id integer NOT NULL, note text NOT NULL, score integer, CONSTRAINT metrics_pkey PRIMARY KEY (model_id, version_id));
CREATE TABLE pictures (id text NOT NULL, "userId" text, url text NOT NULL, CONSTRAINT pictures_pkey PRIMARY KEY (id));
CREATE UNIQUE INDEX pictures_url_key ON pictures (url);
