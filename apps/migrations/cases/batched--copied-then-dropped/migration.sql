ALTER TABLE "User" ADD COLUMN "name" TEXT;
UPDATE "User" SET "name" = coalesce("fullName", '');
ALTER TABLE "User" ALTER COLUMN "name" SET NOT NULL;
DROP VIEW active_users;
ALTER TABLE "User" DROP COLUMN "fullName";
