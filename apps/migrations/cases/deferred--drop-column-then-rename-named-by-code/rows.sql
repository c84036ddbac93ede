INSERT INTO "User" ("email", "fullName") SELECT 'u' || i || '@example.org', 'N ' || i FROM generate_series(1, 30) AS i;
INSERT INTO "Post" ("id", "authorId", "title", "body") SELECT 'p' || i, 1 + i % 30, 't' || i, 'b' FROM generate_series(1, 60) AS i;
INSERT INTO "Tag" (name) SELECT 'tag' || i FROM generate_series(1, 10) AS i;
