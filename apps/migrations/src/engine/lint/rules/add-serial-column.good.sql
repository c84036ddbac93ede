ALTER SEQUENCE "order_number_seq" OWNED BY "order"."number";
