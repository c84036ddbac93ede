CREATE TYPE "state" AS ENUM ('open', 'shipped');
ALTER TYPE "state" ADD VALUE 'returned';
