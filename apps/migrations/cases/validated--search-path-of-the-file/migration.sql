SET search_path TO other, public;
ALTER TABLE things ADD COLUMN z integer DEFAULT 4;
UPDATE things SET k = id;
CREATE INDEX things_k ON things (k);
ALTER TABLE things ALTER COLUMN name SET NOT NULL;
ALTER TABLE things RENAME COLUMN k TO kk;
ALTER TABLE things DROP COLUMN z;
