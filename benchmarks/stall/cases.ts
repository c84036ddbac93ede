/** What a version of the application sends; `$1` is the key of a row. */
export interface Statements {
  read: string
  write: string
}

/** A migration of a table with a million rows, and the application before and after it. */
export interface Case {
  name: string
  sql: string
  old: Statements
  new: Statements
}

export const rows = 1_000_000

/** The table that every case changes, and one that a foreign key may refer to. */
export const baseMigration = `CREATE TABLE "customers" (
    "id" INTEGER NOT NULL,
    "orders" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "customers_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "orders" (
    "id" INTEGER NOT NULL,
    "customer_id" INTEGER NOT NULL,
    "status" TEXT,
    "region" TEXT,
    "amount" INTEGER NOT NULL,
    "note" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "orders_customer_id_idx" ON "orders"("customer_id");
`

/** Returns the statements that fill both tables. */
export function fillRows(orders: number): string[] {
  return [
    `INSERT INTO customers (id) SELECT n FROM generate_series(1, ${orders / 100}) n`,
    `INSERT INTO orders (id, customer_id, status, amount, note)
     SELECT n, 1 + n % ${orders / 100}, 'open', n % 10000, 'note ' || n FROM generate_series(1, ${orders}) n`,
    'VACUUM ANALYZE',
  ]
}

export const amounts: Statements = {
  read: 'SELECT id, customer_id, status, amount FROM public.orders WHERE id = $1',
  write: 'UPDATE public.orders SET amount = amount + 1 WHERE id = $1',
}

export const cases: Case[] = [
  { name: 'brief', sql: 'ALTER TABLE "orders" ADD COLUMN "remark" TEXT;', old: amounts, new: amounts },
  {
    name: 'concurrent',
    sql: 'CREATE INDEX "orders_amount_idx" ON "orders"("amount");',
    old: amounts,
    new: amounts,
  },
  {
    name: 'validated foreign key',
    sql: 'ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id");',
    old: amounts,
    new: amounts,
  },
  {
    name: 'validated check',
    sql: 'ALTER TABLE "orders" ADD CONSTRAINT "orders_amount_check" CHECK ("amount" >= 0);',
    old: amounts,
    new: amounts,
  },
  {
    name: 'validated not null',
    sql: 'ALTER TABLE "orders" ALTER COLUMN "status" SET NOT NULL;',
    old: amounts,
    new: amounts,
  },
  {
    name: 'batched update',
    sql: `UPDATE "orders" SET "region" = 'eu' WHERE "region" IS NULL;`,
    old: amounts,
    new: amounts,
  },
  {
    name: 'twin',
    sql: 'ALTER TABLE "orders" ALTER COLUMN "amount" SET DATA TYPE BIGINT;',
    old: amounts,
    new: amounts,
  },
  {
    name: 'renamed column',
    sql: 'ALTER TABLE "orders" RENAME COLUMN "amount" TO "amount_cents";',
    old: amounts,
    new: {
      read: 'SELECT id, customer_id, status, amount_cents FROM public.orders WHERE id = $1',
      write: 'UPDATE public.orders SET amount_cents = amount_cents + 1 WHERE id = $1',
    },
  },
  {
    name: 'renamed table',
    sql: 'ALTER TABLE "orders" RENAME TO "purchases";',
    old: amounts,
    new: {
      read: 'SELECT id, customer_id, status, amount FROM public.purchases WHERE id = $1',
      write: 'UPDATE public.purchases SET amount = amount + 1 WHERE id = $1',
    },
  },
  {
    name: 'dropped column',
    sql: 'ALTER TABLE "orders" DROP COLUMN "note";',
    old: {
      read: 'SELECT id, customer_id, status, amount, note FROM public.orders WHERE id = $1',
      write: `UPDATE public.orders SET amount = amount + 1, note = 'changed' WHERE id = $1`,
    },
    new: amounts,
  },
  {
    name: 'dropped table',
    sql: 'DROP TABLE "orders";',
    old: amounts,
    new: {
      read: `SELECT id, orders FROM public.customers WHERE id = $1 % ${rows / 100}`,
      write: `UPDATE public.customers SET orders = orders + 1 WHERE id = $1 % ${rows / 100}`,
    },
  },
]
