INSERT INTO "User" (email, "fullName") VALUES ('u1@x.org', 'one'), ('new@x.org', 'two') ON CONFLICT (email) DO UPDATE SET "fullName" = excluded."fullName";
INSERT INTO "Tag" (id, name) VALUES (1, 'x') ON CONFLICT DO NOTHING;
WITH gone AS (DELETE FROM "Post" WHERE "views" = 0 AND "authorId" < 4 RETURNING id, title) INSERT INTO "Tag" (name) SELECT title FROM gone;
WITH d AS (SELECT id, row_number() OVER (PARTITION BY name ORDER BY id) n FROM "Tag") DELETE FROM "Tag" USING d WHERE d.id = "Tag".id AND d.n > 1;
