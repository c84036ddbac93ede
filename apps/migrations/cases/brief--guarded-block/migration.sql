DO $$ BEGIN CREATE TYPE mood AS ENUM ('glad'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
