/**
 * A database of its own in which the folder's migrations are replayed, so that Prisma's engine can compare what they end
 * in. Their SQL runs as a role that owns that database and nothing else.
 */
import { randomBytes } from 'node:crypto'
import { type Client, connect, quoteIdentifier, quoteLiteral, sqlstateOf } from '@freehold/postgres'
import { isNoHistory } from '../inspect/families/scope.ts'
import { parseMigration } from '../parse/parse-migration.ts'
import { fileOf, type Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import type { ShadowHost } from '../rehearse/shadow-host.ts'
import type { TableShape } from './find-renames.ts'

export interface ScratchDatabase {
  /** With the password of the role that it belongs to. */
  url: string
  /** Runs the work in a session of its own. */
  withSession<T>(work: (client: Client) => Promise<T>): Promise<T>
  /** Runs the work in a session on a copy, which is thrown away. */
  withCopy<T>(work: (client: Client) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Makes the database on the host; unqualified names mean the schema. */
export async function openScratch(host: ShadowHost, schema: string): Promise<ScratchDatabase> {
  const role = host.superuser ? `freehold_maker_${randomBytes(6).toString('hex')}` : undefined
  const password = randomBytes(24).toString('base64url')
  if (role !== undefined) {
    await host.admin.query(`CREATE ROLE ${quoteIdentifier(role)} LOGIN PASSWORD ${quoteLiteral(password)}`)
  }
  const owned = role === undefined ? {} : { owner: role }
  const database = await host.createDatabase(owned)
  const urlOf = (name: string): string => {
    const url = new URL(host.url(name))
    if (role !== undefined) {
      url.username = encodeURIComponent(role)
      url.password = encodeURIComponent(password)
    }
    return url.href
  }
  const withSessionOn = async <T>(name: string, work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await connect({ connectionString: urlOf(name), applicationName: 'freehold diff' })
    try {
      await client.query(searchPathSql(schema))
      return await work(client)
    } finally {
      await client.end()
    }
  }
  await withSessionOn(database, async (client) => {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`)
  })
  return {
    url: urlOf(database),
    withSession: async (work) => await withSessionOn(database, work),
    async withCopy(work) {
      const copy = await host.createDatabase({ ...owned, template: database })
      try {
        return await withSessionOn(copy, work)
      } finally {
        await host.dropDatabase(copy)
      }
    },
    async close() {
      await host.dropDatabase(database)
      if (role !== undefined) {
        await host.admin.query(`DROP ROLE ${quoteIdentifier(role)}`)
      }
    },
  }
}

/** Runs the migrations in their order; throws the Problem historyFails, with the place, at the first that fails. */
export async function replayMigrations(client: Client, migrations: Migration[], schema: string): Promise<void> {
  for (const migration of migrations) {
    try {
      // One message is one transaction, as Prisma sends it.
      await client.query(migration.sql.replace(/^\uFEFF/, ''))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Problem(
        problems.historyFails,
        `${fileOf(migration.id)} cannot be run on an empty database behind those before it: ${message}`,
        { migrationId: migration.id, sqlstate: sqlstateOf(error) },
        error,
      )
    }
    // A file may have changed settings, as dumps do; the next one starts as if it were the first.
    await client.query(`RESET ALL; ${searchPathSql(schema)}`)
  }
}

/** Runs the statements one by one: a new value of an enum cannot be used in the transaction that adds it. */
export async function runStatements(client: Client, sql: string): Promise<void> {
  for (const statement of await parseMigration({ id: 'the migration that Prisma makes', checksum: '', sql })) {
    await client.query(statement.sql)
  }
}

/** Returns the user's tables and the types of their columns. */
export async function readTables(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<{ schema: string; name: string; column: string; type: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column,
       format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND ${isNoHistory('c.relname')}
       AND NOT starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
     ORDER BY n.nspname, c.relname, a.attnum`,
  )
  const byTable = Map.groupBy(rows, ({ schema, name }) => JSON.stringify([schema, name]))
  return [...byTable.values()].flatMap((columns) => {
    const [first] = columns
    return first === undefined
      ? []
      : [
          {
            schema: first.schema,
            name: first.name,
            columns: new Map(columns.map(({ column, type }) => [column, type])),
          },
        ]
  })
}

function searchPathSql(schema: string): string {
  return `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(quoteIdentifier(schema))}, false)`
}
