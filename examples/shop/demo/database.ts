import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Client, connect, quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import { startServer } from '@freehold/postgres/embedded'

/** Roles as a shop has them: one owns the tables, one may only work on rows, one may only read. None is a superuser. */
export type Role = 'orders_owner' | 'orders_app' | 'orders_report'

export interface ShopServer {
  url(database: string, role: Role): string
  createDatabase(name: string, template?: string): Promise<void>
  stop(): Promise<void>
}

/** Starts a Postgres server of the demo's own, with fsync as in production, in a temporary folder. */
export async function startShopServer(): Promise<ShopServer> {
  const parent = await mkdtemp(path.join(tmpdir(), 'freehold-demo-'))
  // As root the server runs under another account, which has to get at the folder.
  await chmod(parent, 0o755)
  const removeFolder = (): Promise<void> => rm(parent, { recursive: true, force: true })
  const server = await startServer({
    major: 18,
    folder: path.join(parent, 'data'),
    ephemeral: false,
    settings: { shared_buffers: '256MB', max_wal_size: '2GB' },
  }).catch(async (error: unknown) => {
    await removeFolder()
    throw error
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await removeFolder()
  }
  const password = randomBytes(18).toString('base64url')
  const administer = (work: (client: Client) => Promise<void>): Promise<void> => withClient(server.url(), work)
  await administer((client) => createRoles(client, password)).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    stop,
    url(database, role) {
      const url = new URL(server.url(database, role))
      url.password = password
      return url.href
    },
    createDatabase: (name, template) =>
      administer(async (client) => {
        const from = template === undefined ? '' : ` TEMPLATE ${quoteIdentifier(template)}`
        await client.query(`CREATE DATABASE ${quoteIdentifier(name)} OWNER orders_owner${from}`)
      }),
  }
}

async function createRoles(client: Client, password: string): Promise<void> {
  for (const role of ['orders_owner', 'orders_app', 'orders_report'] satisfies Role[]) {
    await client.query(`CREATE ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${quoteLiteral(password)}`)
  }
}

/** Opens a connection for the time of `work`. */
export async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await connect({ connectionString: url, applicationName: 'demo' })
  try {
    await work(client)
  } finally {
    await client.end()
  }
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
