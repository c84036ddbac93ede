CREATE TYPE "OldProvider" AS ENUM ('Stripe', 'Paypal');
CREATE SEQUENCE withdrawals_number_seq;
CREATE TABLE withdrawals (id serial PRIMARY KEY, provider "OldProvider" NOT NULL, number integer NOT NULL DEFAULT nextval('withdrawals_number_seq'), note text CHECK (note <> ''));
ALTER SEQUENCE withdrawals_number_seq OWNED BY withdrawals.number;
CREATE INDEX withdrawals_provider_idx ON withdrawals (provider, id);
CREATE UNIQUE INDEX withdrawals_number_key ON withdrawals (number);
CREATE TABLE archived (id integer PRIMARY KEY, provider text);
