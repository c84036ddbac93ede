import type { FamilyRows } from './assemble-catalog.ts'
import type { Dependency } from './catalog.ts'
import {
  domainConstraintKey,
  extensionKey,
  indexKey,
  type ObjectKey,
  otherKey,
  partKey,
  publicationKey,
  relationKey,
  routineKey,
  sequenceKey,
  statisticsKey,
  typeKey,
} from './object-keys.ts'

/** Returns the dependencies between the objects that were read, by their keys, sorted and each once. */
export function resolveDependencies(rows: FamilyRows): Dependency[] {
  const keys = keysByOid(rows)
  const find = (oidClass: string, oid: number, column: number): ObjectKey | undefined =>
    (column > 0 ? keys.get(`${oidClass} ${oid} ${column}`) : undefined) ?? keys.get(`${oidClass} ${oid}`)
  const seen = new Map<string, Dependency>()
  for (const row of rows.dependencies) {
    const object = find(row.class, row.object, row.objectColumn)
    const on = find(row.onClass, row.on, row.onColumn)
    if (object !== undefined && on !== undefined && object !== on) {
      seen.set(JSON.stringify([object, on]), { object, on })
    }
  }
  return [...seen.keys()].sort().map((key) => seen.get(key) as Dependency)
}

/** Keys by `catalog oid`, and for columns by `pg_class oid number`. */
function keysByOid(rows: FamilyRows): Map<string, ObjectKey> {
  const keys = new Map<string, ObjectKey>()
  const add = (catalog: string, oid: number | null, key: ObjectKey): void => {
    if (oid !== null && oid !== 0) {
      keys.set(`${catalog} ${oid}`, key)
    }
  }
  for (const row of rows.extensions) add('pg_extension', row.oid, extensionKey(row.name))
  for (const row of rows.sequences) add('pg_class', row.oid, sequenceKey(row))
  for (const row of rows.routines) add('pg_proc', row.oid, routineKey(row))
  for (const row of rows.publications) add('pg_publication', row.oid, publicationKey(row.name))
  for (const row of rows.others) add(row.class, row.oid, otherKey(row))
  for (const row of rows.types) {
    for (const oid of [row.oid, row.arrayOid, row.multirangeOid, row.multirangeArrayOid]) {
      add('pg_type', oid, typeKey(row))
    }
    add('pg_class', row.relationOid, typeKey(row))
  }
  const typesByOid = new Map(rows.types.map((type) => [type.oid, type]))
  for (const row of rows.domainConstraints) {
    const type = typesByOid.get(row.type)
    if (type !== undefined) add('pg_constraint', row.oid, domainConstraintKey(type, row.name))
  }
  addRelations(rows, add, keys)
  return keys
}

type Add = (catalog: string, oid: number | null, key: ObjectKey) => void

function addRelations(rows: FamilyRows, add: Add, keys: Map<string, ObjectKey>): void {
  for (const row of rows.relations) {
    add('pg_class', row.oid, relationKey(row))
    add('pg_type', row.rowType, relationKey(row))
    add('pg_type', row.rowTypeArray, relationKey(row))
  }
  const relationsByOid = new Map(rows.relations.map((relation) => [relation.oid, relation]))
  const relationOf = (row: { relation: number }): FamilyRows['relations'][number] => {
    const relation = relationsByOid.get(row.relation)
    if (relation === undefined) {
      throw new Error(`a part of the relation with oid ${row.relation} was read, but not the relation`)
    }
    return relation
  }
  for (const row of rows.columns) {
    keys.set(`pg_class ${row.relation} ${row.number}`, partKey('column', relationOf(row), row.name))
    add('pg_attrdef', row.defaultOid, partKey('default', relationOf(row), row.name))
  }
  for (const row of rows.constraints) add('pg_constraint', row.oid, partKey('constraint', relationOf(row), row.name))
  for (const row of rows.indexes) add('pg_class', row.oid, indexKey(relationOf(row).schema, row.name))
  for (const row of rows.triggers) add('pg_trigger', row.oid, partKey('trigger', relationOf(row), row.name))
  for (const row of rows.policies) add('pg_policy', row.oid, partKey('policy', relationOf(row), row.name))
  for (const row of rows.statistics) add('pg_statistic_ext', row.oid, statisticsKey(row))
  for (const row of rows.rules) {
    const relation = relationOf(row)
    add('pg_rewrite', row.oid, row.name === '_RETURN' ? relationKey(relation) : partKey('rule', relation, row.name))
  }
}
