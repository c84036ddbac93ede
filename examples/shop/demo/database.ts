import type { Client } from '@freehold/postgres'
import { type DurableServer, startDurableServer } from '../../../tools/durable-server.ts'

/** Roles as a shop has them: one owns the tables, one may only work on rows, one may only read. */
const roles = ['orders_owner', 'orders_app', 'orders_report'] as const
export type Role = (typeof roles)[number]
export type ShopServer = DurableServer<Role>

/** Starts the demo's own Postgres server. */
export async function startShopServer(): Promise<ShopServer> {
  return await startDurableServer(roles)
}

/** Gives the application's roles their rights on what the owner has made and will make. */
export async function grantRights(owner: Client): Promise<void> {
  for (const [rights, role] of [
    ['SELECT, INSERT, UPDATE, DELETE', 'orders_app'],
    ['SELECT', 'orders_report'],
  ]) {
    await owner.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${rights} ON TABLES TO ${role}`)
    await owner.query(`GRANT ${rights} ON ALL TABLES IN SCHEMA public TO ${role}`)
  }
  await owner.query('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO orders_app')
  await owner.query('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders_app')
}

/** Fills version 1's tables; the older four fifths of the orders are from before the currency was recorded. */
export async function fillShop(owner: Client, rows: { customers: number; orders: number }): Promise<void> {
  await owner.query(
    `INSERT INTO customers (email, name)
     SELECT 'customer-' || n || '@example.com', 'Customer ' || n FROM generate_series(1, $1::int) n`,
    [rows.customers],
  )
  await owner.query(
    `INSERT INTO orders (customer_id, status, total, currency, coupon_code, created_at)
     SELECT 1 + (n::bigint * 7919) % $1::int,
            (ARRAY['open', 'paid', 'shipped', 'shipped', 'shipped', 'cancelled'])[1 + n % 6]::order_status,
            500 + (n * 37) % 20000,
            CASE WHEN n > $2::int * 4 / 5 THEN (ARRAY['EUR', 'SEK'])[1 + n % 2] END,
            CASE WHEN n % 10 = 0 THEN 'WELCOME' || n % 7 END,
            now() - ($2::int - n) * interval '40 seconds'
     FROM generate_series(1, $2::int) n`,
    [rows.customers, rows.orders],
  )
  await owner.query(
    `INSERT INTO order_lines (order_id, sku, quantity, price)
     SELECT n, 'sku-' || n % 500, 1 + n % 4, 500 + (n * 37) % 20000 FROM generate_series(1, $1::int, 3) n`,
    [rows.orders],
  )
  await owner.query('VACUUM ANALYZE')
}
