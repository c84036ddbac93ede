CREATE TABLE "booking" (
  "id" bigint PRIMARY KEY,
  "room" text,
  "during" tstzrange,
  CONSTRAINT "booking_room_excl" EXCLUDE USING gist ("room" WITH =, "during" WITH &&)
);
