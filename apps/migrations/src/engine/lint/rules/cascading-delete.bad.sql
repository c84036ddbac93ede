ALTER TABLE "line" ADD CONSTRAINT "line_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "order" ("id") ON DELETE CASCADE NOT VALID;
