CREATE TABLE "order" ("id" integer PRIMARY KEY, "number" serial, "code" char(8), "placed_at" timestamp(3));
