CREATE INDEX CONCURRENTLY IF NOT EXISTS "Post_meta_idx" ON "Post" USING GIN ("meta" jsonb_path_ops);
