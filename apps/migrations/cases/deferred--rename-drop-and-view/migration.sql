DROP VIEW active_users;
ALTER TABLE "User" DROP COLUMN "fullName";
CREATE VIEW active_users AS SELECT id, email FROM "User" WHERE role = 'USER';
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.views := NEW.views + 1; RETURN NEW; END $$;
DROP TRIGGER post_touch ON "Post";
CREATE TRIGGER post_touch BEFORE UPDATE OF body ON "Post" FOR EACH ROW WHEN (NEW.published) EXECUTE FUNCTION touch();
ALTER TABLE "Post" RENAME COLUMN "published" TO "isPublic";
CREATE FUNCTION pub() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM "Post" WHERE "isPublic" $$;
CREATE VIEW pubs AS SELECT "isPublic" FROM "Post";
