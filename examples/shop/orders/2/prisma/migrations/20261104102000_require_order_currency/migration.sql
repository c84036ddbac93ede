-- AlterTable
ALTER TABLE "orders" ALTER COLUMN "currency" SET NOT NULL;
