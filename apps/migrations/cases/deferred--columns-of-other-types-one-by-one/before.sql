CREATE TABLE links ("A" integer NOT NULL, "B" integer NOT NULL);
CREATE UNIQUE INDEX links_ab ON links ("A", "B");
CREATE TABLE notes (text_a text, text_b text);
CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL, deleted boolean NOT NULL DEFAULT false, plan text);
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE NOT deleted;
