import type { Relation } from '../../inspect/catalog.ts'

/** A column by which rows are told apart. */
export interface KeyColumn {
  name: string
  type: string
}

/**
 * Returns the columns that name a row for certain and in an order: those of the primary key, or of a valid, total and
 * immediate unique index on NOT NULL columns. Undefined where there is none.
 */
export function keyOf(relation: Relation): KeyColumn[] | undefined {
  return keysOf(relation)[0]
}

/** Returns all such keys, the best one first. */
export function keysOf(relation: Relation): KeyColumn[][] {
  const columns = new Map(relation.columns.map((column) => [column.name, column]))
  return relation.indexes
    .filter((index) => index.unique && index.valid && index.predicate === null && index.body.startsWith('USING btree'))
    .filter((index) => index.columns.every((name) => name !== null && columns.get(name)?.notNull === true))
    .filter((index) => !isDeferrable(relation, index.constraint))
    .sort(
      (one, other) =>
        Number(other.primary) - Number(one.primary) ||
        one.columns.length - other.columns.length ||
        (one.name < other.name ? -1 : 1),
    )
    .map((index) =>
      index.columns.map((name) => ({ name: name as string, type: columns.get(name as string)?.type ?? '' })),
    )
}

/** Within a transaction a deferrable key may hold a value twice. */
function isDeferrable(relation: Relation, constraint: string | null): boolean {
  return constraint !== null && relation.constraints.some((one) => one.name === constraint && one.deferrable)
}
