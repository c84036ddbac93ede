CREATE TABLE "order_with_a_name_that_is_so_long_that_no_server_keeps_it_to_the_end" ("id" bigint PRIMARY KEY);
