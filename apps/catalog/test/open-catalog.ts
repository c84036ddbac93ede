// A catalog as it runs: its own roles and schema in a throw-away Postgres, its app asked in process.

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Role } from '@freehold/contracts-base'
import { connect, quoteIdentifier } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { createLogger, loadConfig } from '@freehold/service'
import { buildApp } from '../src/app.ts'
import { catalogConfig } from '../src/config.ts'
import { createKeyRing, type KeyRing } from '../src/domain/identity/signing-keys.ts'
import { openStore } from '../src/store/open-store.ts'
import type { Store } from '../src/store/schema.ts'

export const migrationsFolder = path.resolve(import.meta.dirname, '../../../migrations/catalog/migrations')
export const sealingKey = `k1:${Buffer.alloc(32, 7).toString('base64')}`
const identity = { name: 'catalog', version: '0.1.0', instance: 'test' }

type App = Awaited<ReturnType<typeof buildApp>>

export interface Catalog {
  app: App
  store: Store
  ring: KeyRing
  /** Of the service's own role. */
  databaseUrl: string
  /** Of the role that owns the schema. */
  migratorUrl: string
  /** Every line that the service logged. */
  logs: string[]
  as(subject: string, roles: Record<string, Role>): Promise<Caller>
  /** Returns the data of the events that wait in the outbox, by type. */
  events(type?: string): Promise<{ type: string; key: string; data: Record<string, unknown> }[]>
  close(): Promise<void>
}

/** Sends requests as one caller. */
export type Caller = (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  body?: unknown,
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into bodies as it likes
) => Promise<{ status: number; body: any }>

/** Makes the roles and the schema as an installation has them, and returns the URLs of both roles. */
export async function prepareDatabase(server: Server, database: string) {
  const admin = await connect({ connectionString: server.url('postgres'), applicationName: 'test' })
  await admin.query(`DO $$ BEGIN
    CREATE ROLE catalog_migrator LOGIN; CREATE ROLE catalog LOGIN; CREATE ROLE neighbour LOGIN;
  EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
  await admin.query(`CREATE DATABASE ${quoteIdentifier(database)}`)
  await admin.end()
  const owner = await connect({ connectionString: server.url(database), applicationName: 'test' })
  await owner.query(`GRANT CREATE ON DATABASE ${quoteIdentifier(database)} TO catalog_migrator`)
  await owner.query('CREATE SCHEMA catalog AUTHORIZATION catalog_migrator')
  await owner.query(`ALTER DEFAULT PRIVILEGES FOR ROLE catalog_migrator IN SCHEMA catalog
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO catalog`)
  await owner.end()
  const urlOf = (role: string): string => `${server.url(database, role)}?schema=catalog`
  return { databaseUrl: urlOf('catalog'), migratorUrl: urlOf('catalog_migrator'), adminUrl: server.url(database) }
}

/** Runs the schema's migrations as they are written. */
export async function migratePlainly(migratorUrl: string): Promise<void> {
  const client = await connect({
    connectionString: migratorUrl,
    applicationName: 'test',
    settings: { search_path: 'catalog' },
  })
  const names = (await readdir(migrationsFolder)).filter((name) => !name.includes('.')).sort()
  for (const name of names) {
    await client.query(await readFile(path.join(migrationsFolder, name, 'migration.sql'), 'utf8'))
  }
  await client.end()
}

/** Opens a catalog on a database of its own. */
export async function openCatalog(
  server: Server,
  database: string,
  settings: Record<string, string> = {},
): Promise<Catalog> {
  const { databaseUrl, migratorUrl } = await prepareDatabase(server, database)
  await migratePlainly(migratorUrl)
  const config = loadConfig(catalogConfig, {
    PORT: '0',
    INSTANCE: 'test',
    LOG_LEVEL: 'trace',
    // A busy machine is no reason to shed what a test asks.
    EVENT_LOOP_LAG_MAX_MS: '60000',
    DATABASE_URL: databaseUrl,
    EVENTS_URL: databaseUrl,
    CONFIG_KEY: sealingKey,
    ...settings,
  })
  const logs: string[] = []
  const logger = createLogger(identity, config.LOG_LEVEL, { write: (line) => void logs.push(line) })
  const store = openStore(databaseUrl, 'catalog@0.1.0#test')
  const ring = createKeyRing({ store, sealingKeys: config.CONFIG_KEY, tokenLifetimeS: 300, keyLifetimeMs: 86_400_000 })
  await ring.keep()
  const app = await buildApp({ identity, config, store, ring, logger, onClose: () => store.destroy() })
  return {
    app,
    store,
    ring,
    databaseUrl,
    migratorUrl,
    logs,
    async as(subject, roles) {
      const { token } = await ring.sign({ subject, roles })
      return callerOf(app, { authorization: `Bearer ${token}` })
    },
    async events(type) {
      const rows = await store
        .selectFrom('outbox')
        .select(['type', 'key', 'data'])
        .orderBy('position' as never)
        .execute()
      const events = rows as unknown as { type: string; key: string; data: Record<string, unknown> }[]
      return type === undefined ? events : events.filter((event) => event.type === `freehold.catalog.${type}.v1`)
    },
    close: () => app.close(),
  }
}

/** Returns a caller that sends the headers with each request. */
export function callerOf(app: App, headers: Record<string, string> = {}): Caller {
  return async (method, url, body) => {
    const response = await app.inject({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { payload: body as object }),
    })
    return { status: response.statusCode, body: response.body === '' ? undefined : response.json() }
  }
}
