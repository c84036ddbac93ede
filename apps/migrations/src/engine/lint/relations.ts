/** Questions about the tables and indexes that a statement names. */
import type { Constraint, DropStmt, RangeVar } from '@pgsql/types'
import { namesIn } from './apply-statement.ts'
import { type Sight, tableOf } from './rule.ts'
import { keyOf, type ModelIndex, type SchemaModel } from './schema-model.ts'

/** Tells whether the table was there before the migration, as far as the folder tells. */
export function isInUse(relation: RangeVar | undefined, schema: SchemaModel, migrationId: string): boolean {
  if (relation === undefined || relation.relpersistence === 't') {
    return false
  }
  const table = schema.findTable(relation)
  return table === undefined || (table.createdIn !== migrationId && !table.isTemporary)
}

/** Tells whether the relation is in use and neither a partitioned table nor a materialized view. */
export function isOnPlainTable(sight: Sight, relation: RangeVar | undefined): boolean {
  const kind = tableOf(sight, relation)?.kind
  return sight.inUse(relation) && kind !== 'partitioned' && kind !== 'materializedView'
}

/** Tells whether the relation is in use and a partitioned table. */
export function isPartitioned(sight: Sight, relation: RangeVar | undefined): boolean {
  return sight.inUse(relation) && tableOf(sight, relation)?.kind === 'partitioned'
}

/** Returns the relations that a DROP names. */
export function droppedRelations(drop: DropStmt): RangeVar[] {
  return (drop.objects ?? []).map((object) => {
    const parts = namesIn(object)
    const [schemaname, relname = ''] = [parts.at(-2), parts.at(-1)]
    return schemaname === undefined ? { relname } : { schemaname, relname }
  })
}

/** Returns the indexes that a DROP INDEX takes from tables that are in use. */
export function droppedIndexes(drop: DropStmt, sight: Sight): { name: string; index: ModelIndex | undefined }[] {
  if (drop.removeType !== 'OBJECT_INDEX') {
    return []
  }
  return (drop.objects ?? []).flatMap((object) => {
    const parts = namesIn(object)
    const index = sight.schema.findIndex(parts)
    const table = index === undefined ? undefined : sight.schema.tables.get(index.table)
    const { migrationId } = sight.outline
    const isNew = index?.createdIn === migrationId || table?.createdIn === migrationId
    return isNew ? [] : [{ name: parts.at(-1) ?? '', index }]
  })
}

/** Returns the CREATE INDEX of the migration that takes the dropped index's place. */
export function replacementOf({ name, index }: { name: string; index: ModelIndex | undefined }, sight: Sight) {
  const table = index === undefined ? undefined : sight.schema.tables.get(index.table)?.name
  return sight.outline.replacementOf({ name, table, columns: index?.columns ?? [] })
}

/** Returns the unique keys of the table: the columns of constraints and of whole unique indexes. */
export function keysOf(table: { schema: string; name: string }, schema: SchemaModel): (string | null)[][] {
  const constraints = [...(schema.tables.get(keyOf(table))?.constraints.values() ?? [])]
  return [
    ...constraints.filter(({ kind }) => kind === 'primary' || kind === 'unique').map(({ columns }) => columns),
    ...schema
      .indexesOf(table)
      .filter(({ isUnique, isPartial }) => isUnique && !isPartial)
      .map(({ columns }) => columns),
  ]
}

/** Reports the key: as a warning on a partitioned table, for which Freehold has no way. */
export function reportKey(message: string, at: Constraint, sight: Sight): void {
  if (isPartitioned(sight, sight.relation)) {
    const reason =
      'it cannot be made of an index on a partitioned table: create a unique index, which Freehold builds partition by partition'
    sight.report(`${message}; ${reason}`, at, 'warning')
  } else {
    sight.report(message, at)
  }
}
