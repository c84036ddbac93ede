ALTER TABLE "booking" ADD CONSTRAINT "booking_room_excl" EXCLUDE USING gist ("room" WITH =, "during" WITH &&);
