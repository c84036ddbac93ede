ALTER TABLE "Post" RENAME TO "posts";
ALTER TABLE "posts" RENAME CONSTRAINT "Post_pkey" TO "posts_pkey";
ALTER TABLE "posts" RENAME COLUMN "authorId" TO "author_id";
ALTER TABLE "posts" RENAME CONSTRAINT "Post_authorId_fkey" TO "posts_author_id_fkey";
ALTER INDEX "Post_authorId_idx" RENAME TO "posts_author_id_idx";
