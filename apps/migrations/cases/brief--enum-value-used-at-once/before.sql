CREATE TYPE "State" AS ENUM ('new', 'paid');
CREATE TABLE orders (id serial PRIMARY KEY, state "State" NOT NULL DEFAULT 'new');
