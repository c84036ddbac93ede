/**
 * Flyway's own record of what was applied, so that a history can go on with either. A migration that has begun has a
 * row without success, beside which Flyway refuses to migrate, as Prisma does beside its own.
 */
import { quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { HistoryEntry, Migration } from '../parse/statement.ts'
import { compareFlywayVersions } from './flyway-version.ts'
import { type AppliedMigration, ensureTable, type HistoryTable, orNone } from './history-table.ts'

const tableName = 'flyway_schema_history'

interface FlywayRow {
  rank: number
  version: string | null
  description: string
  type: string
  script: string
  checksum: number | null
  installedOn: Date
  success: boolean
}

type FlywayEntry = Extract<HistoryEntry, { table: 'flyway' }>

/** The table `flyway_schema_history` of the schema. */
export const flywayTable: HistoryTable = {
  name: tableName,

  async ensure(client, schema) {
    await ensureTable(client, schema, tableName, tableDefinition(schema))
  },

  async read(client, schema, migrations) {
    const rows = await orNone(async () => (await client.query<FlywayRow>(rowsQuery(schema))).rows)
    return toApplied(rows, migrations)
  },

  async insertStarted(client, schema, migration) {
    const { rows } = await client.query<{ rank: number }>(
      `${insertion(schema, migration, false)} RETURNING installed_rank AS rank`,
    )
    return String(rows[0]?.rank)
  },

  finishedRowSql: (schema, migration) => insertion(schema, migration, true),

  async insertFinished(client, schema, migration) {
    await client.query(insertion(schema, migration, true))
  },

  async markFinished(client, schema, row) {
    await client.query(
      `UPDATE ${quoteQualified(schema, tableName)} SET success = true, installed_on = clock_timestamp(),
         execution_time = greatest(0, least(extract(epoch FROM clock_timestamp() - installed_on) * 1000, 2147483647))::int
       WHERE installed_rank = $1`,
      [row],
    )
  },

  async deleteRow(client, schema, row) {
    await client.query(`DELETE FROM ${quoteQualified(schema, tableName)} WHERE installed_rank = $1`, [row])
  },

  async markRolledBack(client, schema, migrationId) {
    const { rowCount } = await client.query(
      `DELETE FROM ${quoteQualified(schema, tableName)} WHERE script = $1 AND NOT success`,
      [migrationId],
    )
    return rowCount ?? 0
  },
}

// Word for word what Flyway creates.
function tableDefinition(schema: string): string {
  const table = quoteQualified(schema, tableName)
  return `CREATE TABLE ${table} (
    "installed_rank" INT NOT NULL,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INTEGER,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
    "execution_time" INTEGER NOT NULL,
    "success" BOOLEAN NOT NULL
);
ALTER TABLE ${table} ADD CONSTRAINT "${tableName}_pk" PRIMARY KEY ("installed_rank");
CREATE INDEX "${tableName}_s_idx" ON ${table} ("success")`
}

function rowsQuery(schema: string): string {
  return `SELECT installed_rank AS rank, version, description, type, script, checksum, installed_on AS "installedOn",
      success
    FROM ${quoteQualified(schema, tableName)} ORDER BY installed_rank`
}

function insertion(schema: string, migration: Migration, success: boolean): string {
  const { version, description, checksum } = entryOf(migration)
  const table = quoteQualified(schema, tableName)
  const values = [version === null ? 'NULL' : quoteLiteral(version), quoteLiteral(description), "'SQL'"].join(', ')
  return `INSERT INTO ${table}
      (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
    SELECT coalesce(max(installed_rank), 0) + 1, ${values}, ${quoteLiteral(migration.id)}, ${checksum}, current_user, 0,
      ${success} FROM ${table}`
}

function entryOf({ id, entry }: Migration): FlywayEntry {
  if (entry?.table !== 'flyway') {
    throw new Error(`the migration ${id} is not one of Flyway's`)
  }
  return entry
}

/** Follows the rows in their order, for later ones take earlier ones back. */
function toApplied(rows: FlywayRow[], migrations: Migration[]): AppliedMigration[] {
  const standing: FlywayRow[] = []
  let baseline: FlywayRow | undefined
  for (const row of rows) {
    const before = standing.findIndex((one) => isSame(one, row))
    if (before !== -1) {
      standing.splice(before, 1)
    }
    if (row.type.endsWith('BASELINE')) {
      baseline = row
    } else if (row.type !== 'SCHEMA' && row.type !== 'DELETE' && !row.type.startsWith('UNDO')) {
      standing.push(row)
    }
  }
  const applied = standing.map((row) => toAppliedMigration(row, findMigration(row, migrations)))
  const known = new Set(applied.map(({ id }) => id))
  const below = migrations.filter((migration) => !known.has(migration.id) && isBelow(migration, baseline))
  return [...below.map((migration) => toAppliedMigration(baseline as FlywayRow, migration)), ...applied]
}

/** A version is one migration whatever its file is called; a repeatable one is known by its description. */
function isSame(one: Pick<FlywayRow, 'version' | 'description'>, other: typeof one): boolean {
  return one.version === null || other.version === null
    ? one.version === other.version && one.description === other.description
    : compareFlywayVersions(one.version, other.version) === 0
}

function findMigration(row: FlywayRow, migrations: Migration[]): Migration | undefined {
  return migrations.find((migration) => isSame(entryOf(migration), row))
}

/** What stands at or below a baseline is in the database already, and Flyway never runs it. */
function isBelow(migration: Migration, baseline: FlywayRow | undefined): boolean {
  const { version } = entryOf(migration)
  return version !== null && baseline !== undefined && compareFlywayVersions(version, baseline.version ?? '0') <= 0
}

function toAppliedMigration(row: FlywayRow, migration: Migration | undefined): AppliedMigration {
  const isUnchanged =
    migration !== undefined &&
    (row.checksum === null || row.type.endsWith('BASELINE') || row.checksum === entryOf(migration).checksum)
  return {
    rowId: String(row.rank),
    id: migration?.id ?? row.script,
    checksum: isUnchanged ? migration.checksum : String(row.checksum),
    startedAt: row.installedOn,
    finishedAt: row.success ? row.installedOn : null,
    rolledBackAt: null,
    appliedStepsCount: row.success ? 1 : 0,
    logs: null,
  }
}
