TRUNCATE "order";
