/**
 * Freehold's own record of what was applied, for files whose tool keeps none, or none that says what a file held. Where
 * Kysely has a table of its own in the schema, what it holds counts as applied and it is kept in step, so that Kysely's
 * migrator can go on.
 */
import { type Client, quoteIdentifier, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Migration } from '../parse/statement.ts'
import { type AppliedMigration, ensureTable, type HistoryTable, orNone } from './history-table.ts'

const table = 'freehold.applied_migrations'
const kyselyTable = 'kysely_migration'

const tableDefinition = `CREATE TABLE ${table} (
    schema_name text NOT NULL,
    id text NOT NULL,
    checksum text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (schema_name, id)
);
REVOKE ALL ON ${table} FROM PUBLIC`

/** The table `freehold.applied_migrations`. */
export const freeholdTable: HistoryTable = {
  name: table,

  async ensure(client) {
    await ensureTable(client, 'freehold', 'applied_migrations', tableDefinition)
  },

  async read(client, schema, migrations) {
    const rows = await orNone(
      async () =>
        (
          await client.query<AppliedMigration>(
            `SELECT id AS "rowId", id, checksum, started_at AS "startedAt", finished_at AS "finishedAt",
               NULL AS "rolledBackAt", (finished_at IS NOT NULL)::int AS "appliedStepsCount", NULL AS logs
             FROM ${table} WHERE schema_name = $1 ORDER BY started_at, id`,
            [schema],
          )
        ).rows,
    )
    const known = new Set(rows.map(({ id }) => id))
    const others = await readKysely(client, schema, migrations)
    return [...others.filter(({ id }) => !known.has(id)), ...rows]
  },

  async insertStarted(client, schema, migration) {
    await client.query(
      `INSERT INTO ${table} (schema_name, id, checksum, started_at) VALUES ($1, $2, $3, clock_timestamp())`,
      [schema, migration.id, migration.checksum],
    )
    return migration.id
  },

  finishedRowSql: (schema, migration) => insertion(schema, migration),

  async insertFinished(client, schema, migration) {
    await client.query(insertion(schema, migration))
    await enterInKysely(client, schema, migration.id)
  },

  async markFinished(client, schema, row) {
    await client.query(`UPDATE ${table} SET finished_at = clock_timestamp() WHERE schema_name = $1 AND id = $2`, [
      schema,
      row,
    ])
    await enterInKysely(client, schema, row)
  },

  async deleteRow(client, schema, row) {
    await client.query(`DELETE FROM ${table} WHERE schema_name = $1 AND id = $2`, [schema, row])
    if (await hasKysely(client, schema)) {
      await client.query(`DELETE FROM ${quoteQualified(schema, kyselyTable)} WHERE name = $1`, [kyselyNameOf(row)])
    }
  },

  async markRolledBack(client, schema, migrationId) {
    const { rowCount } = await client.query(
      `DELETE FROM ${table} WHERE schema_name = $1 AND id = $2 AND finished_at IS NULL`,
      [schema, migrationId],
    )
    return rowCount ?? 0
  },
}

function insertion(schema: string, { id, checksum }: Migration): string {
  const values = [schema, id, checksum].map(quoteLiteral).join(', ')
  return `INSERT INTO ${table} (schema_name, id, checksum, started_at, finished_at)
    VALUES (${values}, clock_timestamp(), clock_timestamp())`
}

/** Kysely's names are those of the files without their ending; it keeps no checksum, so that no edit is found. */
async function readKysely(client: Client, schema: string, migrations: Migration[]): Promise<AppliedMigration[]> {
  const rows = await orNone(
    async () =>
      (
        await client.query<{ name: string; timestamp: string }>(
          `SELECT name, "timestamp" FROM ${quoteQualified(schema, kyselyTable)} ORDER BY name`,
        )
      ).rows,
  )
  const appliedAt = new Map(rows.map(({ name, timestamp }) => [name, new Date(timestamp)]))
  return migrations.flatMap(({ id, checksum }) => {
    const at = appliedAt.get(kyselyNameOf(id))
    return at === undefined
      ? []
      : [
          {
            rowId: id,
            id,
            checksum,
            startedAt: at,
            finishedAt: at,
            rolledBackAt: null,
            appliedStepsCount: 1,
            logs: null,
          },
        ]
  })
}

async function enterInKysely(client: Client, schema: string, id: string): Promise<void> {
  if (await hasKysely(client, schema)) {
    await client.query(`INSERT INTO ${quoteQualified(schema, kyselyTable)} (name, "timestamp") VALUES ($1, $2)`, [
      kyselyNameOf(id),
      new Date().toISOString(),
    ])
  }
}

async function hasKysely(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [
    `${quoteIdentifier(schema)}.${kyselyTable}`,
  ])
  return rows[0]?.found === true
}

function kyselyNameOf(id: string): string {
  return id.replace(/\.sql$/, '')
}
