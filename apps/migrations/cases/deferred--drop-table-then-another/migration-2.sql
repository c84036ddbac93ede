CREATE TABLE "Post" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "authorId" INTEGER REFERENCES "User" (id));
CREATE INDEX "Post_authorId_idx" ON "Post" ("authorId");
