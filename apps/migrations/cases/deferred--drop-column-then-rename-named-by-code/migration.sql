CREATE OR REPLACE FUNCTION published_posts() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM "Post" WHERE "published" $$;
ALTER TABLE "Post" RENAME COLUMN "published" TO "isPublic";
