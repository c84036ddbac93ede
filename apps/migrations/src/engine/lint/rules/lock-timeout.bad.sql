SET lock_timeout = 0;
-- next migration
SET lock_timeout = '1min';
