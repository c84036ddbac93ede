import pg from 'pg'
import { parseDatabaseUrl } from './connect.ts'

export interface PoolOptions {
  connectionString: string
  applicationName: string
  connectionsMax: number
  /** Time after which the server ends a statement; without it as long as the server allows. */
  statementTimeoutMs?: number
}

/** Returns a pool of connections; none is made before the first query, and none that is lost ends the process. */
export function openPool({
  connectionString,
  applicationName,
  connectionsMax,
  statementTimeoutMs,
}: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...parseDatabaseUrl(connectionString).config,
    application_name: applicationName,
    max: connectionsMax,
    ...(statementTimeoutMs === undefined ? {} : { statement_timeout: statementTimeoutMs }),
  })
  // Without a listener Node ends the process when the server closes a connection. The pool listens on those that lie idle
  // in it only: one that waits between two statements of a transaction needs its own. Its next query reports the loss.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}
