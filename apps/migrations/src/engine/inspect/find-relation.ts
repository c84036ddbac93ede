import type { Catalog, Relation } from './catalog.ts'

const indexes = new WeakMap<Catalog, Map<string, Relation>>()

/** Returns the table, view, materialized view or foreign table of that name. */
export function findRelation(catalog: Catalog, name: { schema: string; name: string }): Relation | undefined {
  let byName = indexes.get(catalog)
  if (byName === undefined) {
    byName = new Map(catalog.relations.map((relation) => [JSON.stringify([relation.schema, relation.name]), relation]))
    indexes.set(catalog, byName)
  }
  return byName.get(JSON.stringify([name.schema, name.name]))
}
