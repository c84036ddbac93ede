/**
 * Drizzle's own record of what was applied, so that a history can go on with either. It knows no migration that has
 * begun: while a run is not at its end, the journal alone says so.
 */
import { type Client, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Migration } from '../parse/statement.ts'
import { ensureTable, type HistoryTable, orNone } from './history-table.ts'

const schemaName = 'drizzle'
const tableName = '__drizzle_migrations'
const table = quoteQualified(schemaName, tableName)

// What Drizzle's own migrator creates.
const tableDefinition = `CREATE TABLE IF NOT EXISTS ${table} (
    id SERIAL PRIMARY KEY,
    hash text NOT NULL,
    created_at bigint
)`

/** The table `drizzle.__drizzle_migrations`. */
export const drizzleTable: HistoryTable = {
  name: `${schemaName}.${tableName}`,

  async ensure(client) {
    await ensureTable(client, schemaName, tableName, tableDefinition)
  },

  async read(client, _schema, migrations) {
    const rows = await orNone(
      async () =>
        (
          await client.query<{ hash: string; when: string }>(
            `SELECT hash, created_at AS when FROM ${table} ORDER BY id`,
          )
        ).rows,
    )
    const known = new Map(migrations.map((migration) => [String(entryOf(migration).when), migration]))
    return rows.map(({ hash, when }) => {
      const migration = known.get(when)
      const at = new Date(Number(when))
      return {
        rowId: `${when}/${hash}`,
        id: migration?.id ?? `the migration of ${at.toISOString()}`,
        checksum: migration !== undefined && entryOf(migration).hash === hash ? migration.checksum : hash,
        startedAt: at,
        finishedAt: at,
        rolledBackAt: null,
        appliedStepsCount: 1,
        logs: null,
      }
    })
  },

  async insertStarted(_client, _schema, migration) {
    const { when, hash } = entryOf(migration)
    return `${when}/${hash}`
  },

  finishedRowSql: (_schema, migration) => insertion(entryOf(migration)),

  async insertFinished(client, _schema, migration) {
    await client.query(insertion(entryOf(migration)))
  },

  async markFinished(client, _schema, row) {
    await client.query(insertion(parseRow(row)))
  },

  async deleteRow(client, _schema, row) {
    await remove(client, parseRow(row))
  },

  async markRolledBack() {
    return 0
  },
}

interface DrizzleRow {
  when: number
  hash: string
}

function insertion({ when, hash }: DrizzleRow): string {
  return `INSERT INTO ${table} (hash, created_at) VALUES (${quoteLiteral(hash)}, ${when})`
}

async function remove(client: Client, { when, hash }: DrizzleRow): Promise<void> {
  await client.query(`DELETE FROM ${table} WHERE created_at = $1 AND hash = $2`, [when, hash])
}

function parseRow(row: string): DrizzleRow {
  const [when = '', hash = ''] = row.split('/')
  return { when: Number(when), hash }
}

function entryOf({ id, entry }: Migration): DrizzleRow {
  if (entry?.table !== 'drizzle') {
    throw new Error(`the migration ${id} is not one of Drizzle's`)
  }
  return entry
}
