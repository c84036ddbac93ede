DELETE FROM orders WHERE total < 10;
