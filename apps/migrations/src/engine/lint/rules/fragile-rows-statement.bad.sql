INSERT INTO "setting" VALUES ('trial', 'on');
