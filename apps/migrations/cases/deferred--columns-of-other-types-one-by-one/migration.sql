ALTER TABLE links DROP COLUMN "B", ADD COLUMN "B" bigint;
ALTER TABLE notes DROP COLUMN text_b, ADD COLUMN text_b integer DEFAULT 0;
ALTER TABLE users DROP COLUMN deleted, ADD COLUMN deleted timestamptz;
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted IS NULL;
ALTER TABLE users DROP COLUMN plan, ADD COLUMN plan integer;
ALTER TABLE users ALTER COLUMN plan SET DEFAULT 0;
