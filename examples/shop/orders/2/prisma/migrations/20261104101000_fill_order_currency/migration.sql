-- Orders from before the currency was recorded are in euros.
UPDATE "orders" SET "currency" = 'EUR' WHERE "currency" IS NULL;
