CREATE TABLE "order" (
  "is_open" boolean,
  "id" bigint PRIMARY KEY,
  "is_paid" boolean,
  "placed_at" timestamptz
);
