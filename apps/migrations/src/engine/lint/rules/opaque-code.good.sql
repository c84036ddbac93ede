DO $$
BEGIN
  CREATE TYPE "state" AS ENUM ('open', 'shipped');
EXCEPTION
  WHEN duplicate_object THEN NULL;
END
$$;
SELECT setval('order_id_seq', 1000);
