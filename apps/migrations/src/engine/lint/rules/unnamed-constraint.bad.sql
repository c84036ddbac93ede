ALTER TABLE "order" ADD CHECK ("total" >= 0) NOT VALID;
