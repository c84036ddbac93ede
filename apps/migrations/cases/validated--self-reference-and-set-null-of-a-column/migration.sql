ALTER TABLE "User" ADD CONSTRAINT "User_managerId_fkey" FOREIGN KEY ("managerId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;
CREATE INDEX "User_managerId_idx" ON "User"("managerId");
CREATE UNIQUE INDEX "User_id_email" ON "User" (id, email);
ALTER TABLE "Post" ADD COLUMN "reviewerId" INTEGER, ADD COLUMN "reviewerEmail" TEXT;
ALTER TABLE "Post" ADD CONSTRAINT "rev" FOREIGN KEY ("reviewerId", "reviewerEmail") REFERENCES "User" (id, email) ON DELETE SET NULL ("reviewerId") DEFERRABLE INITIALLY DEFERRED;
