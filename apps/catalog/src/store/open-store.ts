import { openPool } from '@freehold/postgres'
import { Kysely, PostgresDialect } from 'kysely'
import type { Store, Tables } from './schema.ts'

/** Name of the service, and of the Postgres schema that is its own. */
export const serviceName = 'catalog'

/** Enough for the requests that one process has time for; a platform's services share one server. */
const connectionsMax = 8
/** A statement that takes longer is a fault; the request that waits for it has long been answered. */
const statementTimeoutMs = 15_000

/** Returns the store; no connection is made before the first query. `destroy()` ends them all. */
export function openStore(databaseUrl: string, applicationName: string): Store {
  const pool = openPool({ connectionString: databaseUrl, applicationName, connectionsMax, statementTimeoutMs })
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(serviceName)
}
