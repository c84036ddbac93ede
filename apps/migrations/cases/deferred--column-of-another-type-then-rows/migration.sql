CREATE TYPE "NewProvider" AS ENUM ('Stripe', 'Tipalti');
ALTER TABLE withdrawals DROP COLUMN provider, ADD COLUMN provider "NewProvider" NOT NULL DEFAULT 'Stripe';
ALTER TABLE withdrawals DROP COLUMN number, ADD COLUMN number text;
CREATE INDEX withdrawals_provider_idx ON withdrawals (provider, id);
CREATE UNIQUE INDEX withdrawals_number_key ON withdrawals (number);
INSERT INTO withdrawals (id, provider, number) SELECT id, 'Tipalti', 'a' || id FROM archived;
DROP TYPE "OldProvider";
