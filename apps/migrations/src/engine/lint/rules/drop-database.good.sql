COMMENT ON DATABASE "shop" IS 'orders and what belongs to them';
