import { openPool } from '@freehold/postgres'
import { Kysely, PostgresDialect } from 'kysely'
import type { Store, Tables } from './schema.ts'

/** Name of the service, and of the Postgres schema that is its own. */
export const serviceName = 'migrations'

/** Returns the store; no connection is made before the first query. `destroy()` ends them all. */
export function openStore(options: { databaseUrl: string; applicationName: string; connectionsMax: number }): Store {
  const { databaseUrl: connectionString, ...limits } = options
  const pool = openPool({ connectionString, ...limits })
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(serviceName)
}
