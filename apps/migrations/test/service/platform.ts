/** A server with the service's own schema, migrated by the engine, and databases of a user's service to be migrated. */

import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { MigrationFile } from '@freehold/contracts-migrations'
import { type Client, connect, quoteIdentifier } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { deploy } from '../../src/engine/index.ts'

export const password = 'pa55-word-of-the-owner'

export interface Platform {
  server: Server
  /** Settings of an instance of the service, as its environment has them. */
  env(settings?: Record<string, string>): Record<string, string>
  /** Makes a database of the shop with an order, and returns the URL of its owner. */
  createShop(name: string): Promise<string>
  /** Opens a session that the test ends with the platform. */
  connectTo(database: string, user?: string): Promise<Client>
  stop(): Promise<void>
}

const root = path.resolve(import.meta.dirname, '../../../..')

/** Starts the server and migrates the service's schema as `freehold migrate deploy` does. */
export async function startPlatform(): Promise<Platform> {
  const server = await startTestServer(18, { max_connections: '300', max_locks_per_transaction: '256' })
  const scratch = await mkdtemp(path.join(tmpdir(), 'freehold-platform-'))
  const sessions: Client[] = []
  const connectTo = async (database: string, user?: string): Promise<Client> => {
    const client = await connect({ connectionString: server.url(database, user), applicationName: 'test' })
    sessions.push(client)
    return client
  }
  const admin = await connectTo('postgres')
  await admin.query('CREATE ROLE migrations_migrator LOGIN; CREATE ROLE migrations LOGIN; CREATE ROLE owner LOGIN')
  await admin.query('CREATE DATABASE platform')
  await prepareSchema(server)
  const sealingKeys = `test:${randomBytes(32).toString('base64')}`
  return {
    server,
    connectTo,
    env: (settings = {}) => ({
      PORT: '0',
      LOG_LEVEL: 'warn',
      DATABASE_URL: server.url('platform', 'migrations'),
      EVENTS_URL: 'postgresql://nobody@127.0.0.1:1/none',
      CATALOG_URL: 'http://127.0.0.1:1',
      SEALING_KEYS: sealingKeys,
      SCRATCH_FOLDER: path.join(scratch, 'sets'),
      SECRETS_FOLDER: scratch,
      // Tests share the machine with others; what is shed under load is tested by libs/service.
      EVENT_LOOP_LAG_MAX_MS: '60000',
      LEASE_MS: '1500',
      POLL_MS: '50',
      ...settings,
    }),
    async createShop(name) {
      await createShop(admin, server, name)
      return server.url(name, 'owner').replace('owner@', `owner:${password}@`)
    },
    async stop() {
      await Promise.all(sessions.map(async (session) => await session.end().catch(() => {})))
      await server.stop()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

async function prepareSchema(server: Server): Promise<void> {
  const client = await connect({ connectionString: server.url('platform'), applicationName: 'test' })
  await client.query(`CREATE SCHEMA migrations AUTHORIZATION migrations_migrator;
    GRANT CREATE ON DATABASE platform TO migrations_migrator;
    GRANT USAGE ON SCHEMA migrations TO migrations;
    ALTER DEFAULT PRIVILEGES FOR ROLE migrations_migrator IN SCHEMA migrations
      GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO migrations;
    ALTER DEFAULT PRIVILEGES FOR ROLE migrations_migrator IN SCHEMA migrations GRANT USAGE ON SEQUENCES TO migrations`)
  await client.end()
  const target = {
    databaseUrl: server.url('platform', 'migrations_migrator'),
    migrationsFolder: path.join(root, 'migrations/migrations/migrations'),
    schema: 'migrations',
    onFact: () => {},
    signal: new AbortController().signal,
  }
  await deploy(target, { phase: 'all', completePrevious: false, maxLockMs: 1000 })
}

/** The first of them is copied for the others, which is ten times as fast. */
async function createShop(admin: Client, server: Server, name: string): Promise<void> {
  const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = 'shop_template'")
  if (rowCount === 0) {
    await admin.query('CREATE DATABASE shop_template OWNER owner')
    const template = await connect({ connectionString: server.url('shop_template'), applicationName: 'test' })
    await template.query('ALTER SCHEMA public OWNER TO owner')
    await template.query(`SET ROLE owner;
      CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL, note text);
      INSERT INTO orders SELECT n, n * 10, 'note ' || n FROM generate_series(1, 20) AS n;
      CREATE TABLE counted (name text NOT NULL, at timestamptz NOT NULL DEFAULT now())`)
    await template.end()
  }
  await admin.query(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE shop_template STRATEGY FILE_COPY OWNER owner`)
}

/** Returns a migration as an upload has it. */
export function aMigration(id: string, sql: string): MigrationFile {
  return { id, sql, checksum: createHash('sha256').update(sql).digest('hex') }
}

/** Adds a column and an index, and enters a row that tells how often it ran. */
export const addState = aMigration(
  '20260101000000_add_state',
  `ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new';
CREATE INDEX orders_state_idx ON orders (state);
INSERT INTO counted (name) VALUES ('add_state');
`,
)

/** Renames a column, so that the old name stays until the contract phase. */
export const renameTotal = aMigration(
  '20260102000000_rename_total',
  'ALTER TABLE orders RENAME COLUMN total TO amount;\n',
)

/** Drops a column, so that a person has to approve it. */
export const dropNote = aMigration('20260201000000_drop_note', 'ALTER TABLE orders DROP COLUMN note;\n')

/** Calls until the condition is met; throws what was last seen when the time is over. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  timeoutMs = 40_000,
): Promise<T> {
  const deadlineAt = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) {
      return found
    }
    if (Date.now() > deadlineAt) {
      throw new Error(`waited in vain for ${what}`)
    }
    await new Promise((next) => setTimeout(next, 25))
  }
}
