/**
 * Prisma's own record of what was applied, read and written as Prisma's engine does it, so that a history can go on
 * with either.
 */
import { randomUUID } from 'node:crypto'
import { type Client, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Migration } from '../parse/statement.ts'
import { type AppliedMigration, ensureTable, type HistoryTable, orNone } from './history-table.ts'

const tableName = '_prisma_migrations'

/** Returns the rows in the order in which they were begun; none where the table does not exist. */
export async function readHistory(client: Client, schema: string): Promise<AppliedMigration[]> {
  return await orNone(async () => {
    const { rows } = await client.query<AppliedMigration>(
      `SELECT id AS "rowId", migration_name AS id, checksum, started_at AS "startedAt", finished_at AS "finishedAt",
         rolled_back_at AS "rolledBackAt", applied_steps_count AS "appliedStepsCount", logs
       FROM ${quoteQualified(schema, tableName)} ORDER BY started_at, migration_name`,
    )
    return rows
  })
}

/** Makes the schema and the table where they are missing. */
export async function ensurePrismaTable(client: Client, schema: string): Promise<void> {
  await ensureTable(client, schema, tableName, tableDefinition(schema))
}

// Word for word what Prisma's engine creates, so that both find nothing to add.
function tableDefinition(schema: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteQualified(schema, tableName)} (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`
}

/** Enters the migration as begun and not finished: Prisma refuses to deploy until it is. Returns the row's id. */
export async function insertStarted(client: Client, schema: string, migration: Migration): Promise<string> {
  const id = randomUUID()
  await client.query(
    `INSERT INTO ${quoteQualified(schema, tableName)} (id, checksum, started_at, migration_name)
     VALUES ($1, $2, clock_timestamp(), $3)`,
    [id, migration.checksum, migration.id],
  )
  return id
}

/** Enters a begun migration as applied. */
export async function markFinished(client: Client, schema: string, rowId: string): Promise<void> {
  await client.query(
    `UPDATE ${quoteQualified(schema, tableName)} SET finished_at = clock_timestamp(), applied_steps_count = 1
     WHERE id = $1`,
    [rowId],
  )
}

/** Enters the migration as applied without having run it, as `prisma migrate resolve --applied` does. */
export async function insertFinished(client: Client, schema: string, migration: Migration): Promise<void> {
  await client.query(
    `INSERT INTO ${quoteQualified(schema, tableName)} (id, checksum, started_at, finished_at, migration_name)
     VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3)`,
    [randomUUID(), migration.checksum, migration.id],
  )
}

/** Returns the statement that enters the row that Prisma would have in the end. */
export function finishedRowSql(schema: string, migration: Migration): string {
  const values = [randomUUID(), migration.checksum, migration.id].map(quoteLiteral).join(', ')
  return `INSERT INTO ${quoteQualified(schema, tableName)}
      (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
    VALUES (${values}, clock_timestamp(), clock_timestamp(), 1)`
}

/** Removes the row of a migration that was taken back. */
export async function deleteRow(client: Client, schema: string, rowId: string): Promise<void> {
  await client.query(`DELETE FROM ${quoteQualified(schema, tableName)} WHERE id = $1`, [rowId])
}

/**
 * Enters what failed of the migration as rolled back, so that it is pending again, as `prisma migrate resolve
 * --rolled-back` does. Returns how many rows said that it had failed.
 */
export async function markRolledBack(client: Client, schema: string, migrationId: string): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE ${quoteQualified(schema, tableName)} SET rolled_back_at = clock_timestamp()
     WHERE migration_name = $1 AND finished_at IS NULL AND rolled_back_at IS NULL`,
    [migrationId],
  )
  return rowCount ?? 0
}

/** The table `_prisma_migrations`. */
export const prismaTable: HistoryTable = {
  name: tableName,
  ensure: ensurePrismaTable,
  read: readHistory,
  insertStarted,
  finishedRowSql,
  insertFinished,
  markFinished,
  deleteRow,
  markRolledBack,
}
