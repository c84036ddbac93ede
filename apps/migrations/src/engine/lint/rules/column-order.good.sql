CREATE TABLE "order" (
  "id" bigint PRIMARY KEY,
  "placed_at" timestamptz,
  "is_open" boolean,
  "is_paid" boolean,
  "note" text
);
