ALTER TABLE "Tag" ADD CONSTRAINT "Tag_name_kind_key" UNIQUE ("name", "kind");
ALTER TABLE "Tag" RENAME COLUMN "kind" TO "sort";
