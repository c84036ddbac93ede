-- The unit belongs in the name.
ALTER TABLE "orders" RENAME COLUMN "total" TO "total_cents";
