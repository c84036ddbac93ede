ALTER TABLE customers RENAME TO a;
ALTER TABLE orders RENAME COLUMN note TO remark;
