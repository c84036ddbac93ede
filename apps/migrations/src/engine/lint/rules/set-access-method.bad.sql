ALTER TABLE "order" SET ACCESS METHOD "columnar";
