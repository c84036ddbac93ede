ALTER TABLE orders ALTER COLUMN amount DROP DEFAULT;
ALTER TABLE orders ALTER COLUMN parent_id TYPE bigint;
ALTER TABLE orders ALTER COLUMN amount TYPE numeric(12, 2) USING amount::numeric;
ALTER TABLE orders ADD COLUMN ref uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE orders ADD COLUMN position bigserial;
ALTER TABLE orders ADD COLUMN kind integer NOT NULL DEFAULT 5;
ALTER TABLE orders ALTER COLUMN kind SET DEFAULT 7;
ALTER TABLE orders ADD COLUMN plus integer GENERATED ALWAYS AS (touched + 1) STORED;
