COMMENT ON EXTENSION "pg_trgm" IS 'for the search of customers';
