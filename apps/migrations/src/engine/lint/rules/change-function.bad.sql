CREATE FUNCTION "plain"(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
-- next migration
CREATE OR REPLACE FUNCTION "plain"(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT lower(trim($1))';
