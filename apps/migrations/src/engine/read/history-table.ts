import { type Client, quoteIdentifier, quoteQualified, sqlstateOf, sqlstates } from '@freehold/postgres'
import type { Migration } from '../parse/statement.ts'

/** A migration as the table of what is applied has it. */
export interface AppliedMigration {
  rowId: string
  id: string
  /** The migration's own checksum where the table says that the file is as it was. */
  checksum: string
  startedAt: Date
  finishedAt: Date | null
  rolledBackAt: Date | null
  appliedStepsCount: number
  logs: string | null
}

/** Where a tool keeps which migrations are applied; each tool's is of this shape. */
export interface HistoryTable {
  /** As people know it. */
  name: string
  /** Makes what is missing. */
  ensure(client: Client, schema: string): Promise<void>
  /** Returns what the table holds; nothing where there is no table. The migrations tell which row is whose. */
  read(client: Client, schema: string, migrations: Migration[]): Promise<AppliedMigration[]>
  /** Enters the migration as begun, where the table can say that; returns what names the row from then on. */
  insertStarted(client: Client, schema: string, migration: Migration): Promise<string>
  /** Returns the statement that enters the migration as applied, for the transaction that applies it. */
  finishedRowSql(schema: string, migration: Migration): string
  /** Enters the migration as applied without having run it. */
  insertFinished(client: Client, schema: string, migration: Migration): Promise<void>
  markFinished(client: Client, schema: string, row: string): Promise<void>
  /** Removes what says that the migration has begun or is applied. */
  deleteRow(client: Client, schema: string, row: string): Promise<void>
  /** Lets a migration that has failed be pending again. Returns how many rows said that it had failed. */
  markRolledBack(client: Client, schema: string, migrationId: string): Promise<number>
}

/** Returns what the query returns, nothing where the schema or the table that it names is not there. */
export async function orNone<T>(query: () => Promise<T[]>): Promise<T[]> {
  try {
    return await query()
  } catch (error) {
    const state = sqlstateOf(error)
    if (state === sqlstates.undefinedTable || state === sqlstates.invalidSchemaName) {
      return []
    }
    throw error
  }
}

/** Makes the schema and the table where they are missing. */
export async function ensureTable(client: Client, schema: string, name: string, definition: string): Promise<void> {
  const { rows } = await client.query<{ schema: boolean; table: boolean }>(
    'SELECT to_regnamespace($1) IS NOT NULL AS schema, to_regclass($2) IS NOT NULL AS table',
    [quoteIdentifier(schema), quoteQualified(schema, name)],
  )
  // IF NOT EXISTS alone would ask for the right to create even where there is nothing to create.
  if (rows[0]?.schema === false) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`)
  }
  if (rows[0]?.table === false) {
    await client.query(definition)
  }
}
