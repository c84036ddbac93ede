import type { Migration } from '../parse/statement.ts'
import type { AppliedMigration } from './prisma-table.ts'

/** What is to be applied, and what of the history is not as it should be. */
export interface Pending {
  pending: Migration[]
  /** Sentences for people; deploy goes on, as Prisma's does. */
  warnings: string[]
  /** Migrations that began and neither finished nor were rolled back; deploy is refused, as Prisma's is. */
  failed: AppliedMigration[]
  /** Ids of migrations whose file has changed since it was applied. */
  edited: string[]
  /** Ids of applied migrations that the folder does not hold. */
  missing: string[]
  /** Ids of pending migrations that stand before an applied one. */
  outOfOrder: string[]
}

/** Compares the folder with `_prisma_migrations` by the rules of `prisma migrate deploy`. */
export function choosePending(migrations: Migration[], history: AppliedMigration[]): Pending {
  const standing = history.filter((row) => row.rolledBackAt === null)
  const rowsById = Map.groupBy(standing, (row) => row.id)
  const inFolder = new Set(migrations.map((migration) => migration.id))
  const pending = migrations.filter((migration) => !rowsById.has(migration.id))
  const edited = migrations
    .filter(({ id, checksum }) => {
      const rows = (rowsById.get(id) ?? []).filter((row) => row.finishedAt !== null)
      return rows.length > 0 && rows.every((row) => row.checksum !== checksum)
    })
    .map(({ id }) => id)
  const missing = [...rowsById.keys()].filter((id) => !inFolder.has(id))
  const lastApplied = migrations.findLastIndex((migration) => rowsById.has(migration.id))
  const outOfOrder = migrations
    .slice(0, Math.max(lastApplied, 0))
    .filter((migration) => !rowsById.has(migration.id))
    .map(({ id }) => id)
  const warnings = [
    ...edited.map((id) => `${id} was edited after it was applied; the edit is not applied`),
    ...missing.map((id) => `${id} was applied and is missing from the folder`),
    ...outOfOrder.map((id) => `${id} stands before a migration that is already applied; it is applied after it`),
  ]
  return { pending, warnings, failed: standing.filter((row) => row.finishedAt === null), edited, missing, outOfOrder }
}
