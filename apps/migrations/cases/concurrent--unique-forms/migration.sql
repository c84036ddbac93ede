CREATE UNIQUE INDEX "Post_authorId_title_key" ON "Post"("authorId", "title") INCLUDE ("views") NULLS NOT DISTINCT;
ALTER TABLE "Tag" ADD CONSTRAINT "Tag_name_key" UNIQUE NULLS NOT DISTINCT ("name") INCLUDE ("id");
CREATE INDEX ON "Post" (lower("title") varchar_pattern_ops) WHERE "views" > 0;
CREATE INDEX "Post_meta_idx" ON "Post" USING GIN ("meta" jsonb_path_ops);
