import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { connect, quoteIdentifier } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'

const sqlFolder = path.join(import.meta.dirname, '../../sql')

/** Makes a database with a schema for each service, owned by its migrator; the service's own role may only change rows. */
export async function createServiceDatabase(
  server: Server,
  database: string,
  tablesByService: Record<string, string>,
): Promise<void> {
  const ddl = await Promise.all(
    ['outbox', 'inbox'].map((name) => readFile(path.join(sqlFolder, `${name}.sql`), 'utf8')),
  )
  await administer(server.url(), `CREATE DATABASE ${quoteIdentifier(database)}`)
  for (const [service, tables] of Object.entries(tablesByService)) {
    const [role, migrator] = [quoteIdentifier(service), quoteIdentifier(`${service}_migrator`)]
    for (const each of [role, migrator]) {
      // Roles are the server's: another test file's database may have them already.
      await administer(server.url(), `CREATE ROLE ${each} LOGIN`).catch((error: { code?: string }) => {
        if (error.code !== '42710') {
          throw error
        }
      })
    }
    await administer(server.url(database), `CREATE SCHEMA ${role} AUTHORIZATION ${migrator}`)
    await administer(
      server.url(database, `${service}_migrator`),
      `SET search_path = ${role}; ${ddl.join('')} ${tables};
      GRANT USAGE ON SCHEMA ${role} TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${role} TO ${role};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${role} TO ${role};`,
    )
  }
}

async function administer(url: string, sql: string): Promise<void> {
  const client = await connect({ connectionString: url, applicationName: 'test' })
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Returns Kysely over a pool; the schema is that of the role's name, which Postgres looks into first. */
export function openDb<Tables>(url: string, connectionsMax = 4): Kysely<Tables> {
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax })
  // The next query of the pool reports a server that is gone.
  pool.on('error', () => {})
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
