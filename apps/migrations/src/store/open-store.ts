import { parseDatabaseUrl } from '@freehold/postgres'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Store, Tables } from './schema.ts'

/** Name of the service, and of the Postgres schema that is its own. */
export const serviceName = 'migrations'

/** Returns the store; no connection is made before the first query. `destroy()` ends them all. */
export function openStore(options: { databaseUrl: string; applicationName: string; connectionsMax: number }): Store {
  const pool = new pg.Pool({
    ...parseDatabaseUrl(options.databaseUrl).config,
    application_name: options.applicationName,
    max: options.connectionsMax,
  })
  // An idle connection that the server closed is replaced by the next query.
  pool.on('error', () => {})
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(serviceName)
}
