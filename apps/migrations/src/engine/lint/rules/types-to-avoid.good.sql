CREATE TABLE "order" (
  "id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  "quantity" integer,
  "code" text,
  "placed_at" timestamptz,
  "createdAt" timestamp(3)
);
