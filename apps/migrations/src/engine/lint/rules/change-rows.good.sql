CREATE TABLE "setting" ("name" text PRIMARY KEY, "value" text);
UPDATE "setting" SET "value" = 'on';
-- next migration
UPDATE "setting" SET "value" = 'off' WHERE "name" = 'trial';
