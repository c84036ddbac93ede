UPDATE "Post" SET "title" = u."fullName", "views" = "views" + 1 FROM "User" u WHERE u.id = "Post"."authorId" AND u.id < 20;
UPDATE "User" SET "fullName" = (SELECT max(title) FROM "Post" p WHERE p."authorId" = "User".id) WHERE role = 'USER';
