import { readFile } from 'node:fs/promises'
import { connect, withTransaction } from '@freehold/postgres'

/** Where the log's DDL lies; a program that bundles this house has to bring the file along and name its place. */
export const eventsLogSqlUrl = new URL('../../../sql/events-log.sql', import.meta.url)

export interface InstallOptions {
  /** Of a role that may create a schema; it will own the log, and should have rights nowhere else. */
  connectionString: string
  /** Roles of services that are to use the log. */
  services: string[]
  sqlUrl?: URL
}

/** Makes schema `events` unless it is there, and admits the services' roles to it; running it again changes nothing. */
export async function installEventsLog({
  connectionString,
  services,
  sqlUrl = eventsLogSqlUrl,
}: InstallOptions): Promise<void> {
  const client = await connect({ connectionString, applicationName: 'freehold-events' })
  try {
    await withTransaction(client, async () => {
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended('freehold events install', 0))")
      const { rows } = await client.query<{ exists: boolean }>(
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'events') AS exists",
      )
      if (rows[0]?.exists !== true) {
        await client.query(await readFile(sqlUrl, 'utf8'))
      }
      for (const service of services) {
        await client.query('CALL events.admit($1)', [service])
      }
    })
  } finally {
    await client.end()
  }
}
