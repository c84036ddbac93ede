ALTER TYPE "state" ADD VALUE 'returned';
-- next migration
ALTER TYPE "state" RENAME VALUE 'open' TO 'placed';
