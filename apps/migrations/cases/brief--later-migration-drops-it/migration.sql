ALTER TABLE "Tag" ADD COLUMN "x" TEXT DEFAULT 'q';
CREATE INDEX "Tag_x" ON "Tag"("x");
CREATE TABLE made (id int);
