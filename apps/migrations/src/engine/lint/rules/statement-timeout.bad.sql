SET statement_timeout = '30s';
