CREATE TABLE "order" (
  "id" bigint PRIMARY KEY,
  "code" text CONSTRAINT "order_code_check" CHECK (length("code") <= 20),
  "note" varchar
);
