INSERT INTO "setting" ("name", "value") VALUES ('trial', 'on');
