CREATE TYPE "Status" AS ENUM ('DRAFT', 'LIVE');
ALTER TABLE "Post" ADD COLUMN "status" "Status" NOT NULL DEFAULT 'DRAFT';
UPDATE "Post" SET "status" = 'LIVE' WHERE "published";
ALTER TABLE "Post" DROP COLUMN "published";
