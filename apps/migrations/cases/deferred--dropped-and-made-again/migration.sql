ALTER TABLE customers DROP COLUMN name, ADD COLUMN name integer NOT NULL DEFAULT 7;
DROP TABLE bare;
CREATE TABLE bare (id serial PRIMARY KEY, w text);
INSERT INTO bare (w) VALUES ('a');
ALTER TABLE orders DROP COLUMN note;
