ALTER TABLE "booking" ADD CONSTRAINT "booking_room_excl" EXCLUDE USING gist ("room" WITH =, "during" WITH &&);
-- next migration
-- freehold: lint-ignore table-form "shows what a table without a key does to the statement"
CREATE TABLE "seat" ("row" text, "during" tstzrange);
-- next migration
ALTER TABLE "seat" ADD CONSTRAINT "seat_row_excl" EXCLUDE USING gist ("row" WITH =, "during" WITH &&);
