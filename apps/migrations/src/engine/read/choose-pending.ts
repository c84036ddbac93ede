import type { Migration } from '../parse/statement.ts'
import type { AppliedMigration } from './history-table.ts'

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

/** Compares the folder with what is applied by the rules of `prisma migrate deploy`, whichever tool's it is. */
export function choosePending(migrations: Migration[], history: AppliedMigration[]): Pending {
  const standing = history.filter((row) => row.rolledBackAt === null)
  const rowsById = Map.groupBy(standing, (row) => row.id)
  const inFolder = new Set(migrations.map((migration) => migration.id))
  const changed = migrations.filter(({ id, checksum }) => {
    const rows = (rowsById.get(id) ?? []).filter((row) => row.finishedAt !== null)
    return rows.length > 0 && rows.every((row) => row.checksum !== checksum)
  })
  const pending = migrations.filter(
    (migration) => !rowsById.has(migration.id) || (isRepeatable(migration) && changed.includes(migration)),
  )
  const edited = changed.filter((migration) => !isRepeatable(migration)).map(({ id }) => id)
  const missing = [...rowsById.keys()].filter((id) => !inFolder.has(id))
  const ordered = migrations.filter((migration) => !isRepeatable(migration))
  const lastApplied = ordered.findLastIndex((migration) => rowsById.has(migration.id))
  const outOfOrder = ordered
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

/** Tells whether the migration is applied again each time that it has changed, behind all others. */
function isRepeatable({ entry }: Migration): boolean {
  return entry?.table === 'flyway' && entry.version === null
}
