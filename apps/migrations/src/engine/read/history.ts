/**
 * Which migrations are applied, kept where the tool keeps it whose migrations they are, so that one can go back to it.
 * A row is named `<table>:<row>` in the journal, so that undo and complete find it without the folder; Prisma's rows
 * have uuids, which hold no colon.
 */
import type { Client } from '@freehold/postgres'
import type { HistoryEntry, Migration } from '../parse/statement.ts'
import { drizzleTable } from './drizzle-table.ts'
import { flywayTable } from './flyway-table.ts'
import { freeholdTable } from './freehold-table.ts'
import type { AppliedMigration, HistoryTable } from './history-table.ts'
import { prismaTable } from './prisma-table.ts'

const tables: Record<HistoryEntry['table'], HistoryTable> = {
  flyway: flywayTable,
  drizzle: drizzleTable,
  freehold: freeholdTable,
}

/** Returns what is applied; the migrations of one folder, which all have the same table, say where to look. */
export async function readHistory(
  client: Client,
  schema: string,
  migrations: Migration[],
): Promise<AppliedMigration[]> {
  const rows = await tableOf(migrations).read(client, schema, migrations)
  return rows.map((row) => ({ ...row, rowId: nameRow(migrations[0], row.rowId) }))
}

/** Makes the table where it is missing. */
export async function ensureHistory(client: Client, schema: string, migrations: Migration[]): Promise<void> {
  await tableOf(migrations).ensure(client, schema)
}

/** Returns the table's name, for people. */
export function historyTableName(migrations: Migration[]): string {
  return tableOf(migrations).name
}

/** Enters the migration as begun where its table can say that. Returns what names the row. */
export async function insertStarted(client: Client, schema: string, migration: Migration): Promise<string> {
  return nameRow(migration, await tableOf([migration]).insertStarted(client, schema, migration))
}

/** Returns the statement that enters the migration as applied, for the transaction that applies it. */
export function finishedRowSql(schema: string, migration: Migration): string {
  return tableOf([migration]).finishedRowSql(schema, migration)
}

/** Enters the migration as applied without having run it. */
export async function insertFinished(client: Client, schema: string, migration: Migration): Promise<void> {
  await tableOf([migration]).insertFinished(client, schema, migration)
}

/** Enters a begun migration as applied. */
export async function markFinished(client: Client, schema: string, rowId: string): Promise<void> {
  const { table, row } = findRow(rowId)
  await table.markFinished(client, schema, row)
}

/** Removes what says that a migration has begun or is applied, when it was taken back. */
export async function deleteRow(client: Client, schema: string, rowId: string): Promise<void> {
  const { table, row } = findRow(rowId)
  await table.deleteRow(client, schema, row)
}

/** Lets a migration that has failed be pending again. Returns how many rows said that it had failed. */
export async function markRolledBack(
  client: Client,
  schema: string,
  migrations: Migration[],
  migrationId: string,
): Promise<number> {
  return await tableOf(migrations).markRolledBack(client, schema, migrationId)
}

function tableOf(migrations: Migration[]): HistoryTable {
  const entry = migrations[0]?.entry
  return entry === undefined ? prismaTable : tables[entry.table]
}

function nameRow(migration: Migration | undefined, row: string): string {
  return migration?.entry === undefined ? row : `${migration.entry.table}:${row}`
}

function findRow(rowId: string): { table: HistoryTable; row: string } {
  const colon = rowId.indexOf(':')
  if (colon === -1) {
    return { table: prismaTable, row: rowId }
  }
  return { table: tables[rowId.slice(0, colon) as HistoryEntry['table']], row: rowId.slice(colon + 1) }
}
