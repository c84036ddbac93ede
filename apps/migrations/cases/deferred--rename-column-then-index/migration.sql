ALTER TABLE customers RENAME COLUMN email TO mail;
CREATE INDEX customers_mail_idx ON customers (mail);
