CREATE TABLE "order" ("id" bigint PRIMARY KEY);
CREATE TABLE "line" (
  "id" bigint PRIMARY KEY,
  "order_id" bigint NOT NULL,
  CONSTRAINT "line_order_id_fkey" FOREIGN KEY ("order_id") REFERENCES "order" ("id") ON DELETE CASCADE
);
CREATE INDEX "line_order_id_idx" ON "line" ("order_id");
