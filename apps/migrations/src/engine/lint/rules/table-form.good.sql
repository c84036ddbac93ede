CREATE TABLE "order" ("id" bigint PRIMARY KEY);
CREATE TABLE "_order_to_tag" ("A" bigint NOT NULL, "B" bigint NOT NULL);
CREATE UNIQUE INDEX "_order_to_tag_A_B_key" ON "_order_to_tag" ("A", "B");
