/** What names a row of a table, so that its values can be kept apart from it. */
import type { Catalog, Column, Index, Relation } from '../../inspect/catalog.ts'

/**
 * Returns the columns of the best key: without those that are to be `avoided` if there is such a key, and never with
 * those that are `gone`; undefined if there is none.
 */
export function findRowKey(
  live: Relation,
  columns: { avoided: string[]; gone: string[] },
  catalog: Catalog,
): Column[] | undefined {
  const has = (key: Key, names: string[]): boolean => key.columns.some(({ name }) => names.includes(name))
  const keys = live.indexes
    .flatMap((index) => toKey(index, live, catalog) ?? [])
    .filter((key) => !has(key, columns.gone))
  const rank = (key: Key): number => (has(key, columns.avoided) ? 2 : 0) + (key.index.primary ? 0 : 1)
  return keys.toSorted((a, b) => rank(a) - rank(b))[0]?.columns
}

interface Key {
  index: Index
  columns: Column[]
}

function toKey(index: Index, live: Relation, catalog: Catalog): Key | undefined {
  const isDeferrable = live.constraints.some(({ name, deferrable }) => name === index.constraint && deferrable)
  if (!index.unique || !index.valid || index.predicate !== null || isDeferrable) {
    return undefined
  }
  const columns = index.columns.flatMap((name) => live.columns.find((column) => column.name === name) ?? [])
  const isUsable = columns.every((column) => column.notNull && isOrderedBySystem(column, catalog))
  return columns.length > 0 && columns.length === index.columns.length && isUsable ? { index, columns } : undefined
}

/**
 * Tells whether the comparison operators of the column's type are found whatever the search_path is. Those of a type
 * such as citext are not: then another type's would be taken in silence, and their order is another.
 */
function isOrderedBySystem({ type }: Column, catalog: Catalog): boolean {
  if (!type.includes('.')) {
    return true
  }
  return catalog.types.some(({ schema, name, kind }) => kind === 'enum' && isNamed(type, schema, name))
}

function isNamed(type: string, schema: string, name: string): boolean {
  const bare = type.replaceAll('"', '')
  return bare === `${schema}.${name}`
}
