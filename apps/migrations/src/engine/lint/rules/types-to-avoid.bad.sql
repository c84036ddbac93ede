CREATE TABLE "order" ("id" serial PRIMARY KEY, "number" serial, "code" char(8), "placed_at" timestamp);
