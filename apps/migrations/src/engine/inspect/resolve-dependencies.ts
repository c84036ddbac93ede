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
  const keys = new KeysByOid(rows)
  const seen = new Map<string, Dependency>()
  for (const row of rows.dependencies) {
    const object = keys.find(row.class, row.object, row.objectColumn)
    const on = keys.find(row.onClass, row.on, row.onColumn)
    if (object !== undefined && on !== undefined && object !== on) {
      seen.set(JSON.stringify([object, on]), { object, on })
    }
  }
  return [...seen.keys()].sort().map((key) => seen.get(key) as Dependency)
}

type MakeKey = () => ObjectKey

/** Finds keys by system catalog and oid; they are made when they are asked for, since few objects are depended on. */
class KeysByOid {
  private readonly catalogs = new Map<string, Map<number, MakeKey>>()
  private readonly columns = new Map<number, Map<number, MakeKey>>()

  constructor(rows: FamilyRows) {
    for (const row of rows.extensions) this.add('pg_extension', row.oid, () => extensionKey(row.name))
    for (const row of rows.sequences) this.add('pg_class', row.oid, () => sequenceKey(row))
    for (const row of rows.routines) this.add('pg_proc', row.oid, () => routineKey(row))
    for (const row of rows.publications) this.add('pg_publication', row.oid, () => publicationKey(row.name))
    for (const row of rows.others) this.add(row.class, row.oid, () => otherKey(row))
    for (const row of rows.types) {
      for (const oid of [row.oid, row.arrayOid, row.multirangeOid, row.multirangeArrayOid]) {
        this.add('pg_type', oid, () => typeKey(row))
      }
      this.add('pg_class', row.relationOid, () => typeKey(row))
    }
    const typesByOid = new Map(rows.types.map((type) => [type.oid, type]))
    for (const row of rows.domainConstraints) {
      const type = typesByOid.get(row.type)
      if (type !== undefined) this.add('pg_constraint', row.oid, () => domainConstraintKey(type, row.name))
    }
    this.addRelations(rows)
  }

  /** Returns the key of the object, or of its column where there is one. */
  find(catalog: string, oid: number, column: number): ObjectKey | undefined {
    const ofColumn = catalog === 'pg_class' && column > 0 ? this.columns.get(oid)?.get(column) : undefined
    return (ofColumn ?? this.catalogs.get(catalog)?.get(oid))?.()
  }

  private add(catalog: string, oid: number | null, key: MakeKey): void {
    if (oid === null || oid === 0) {
      return
    }
    const keys = this.catalogs.get(catalog) ?? new Map<number, MakeKey>()
    this.catalogs.set(catalog, keys.set(oid, key))
  }

  private addRelations(rows: FamilyRows): void {
    for (const row of rows.relations) {
      this.add('pg_class', row.oid, () => relationKey(row))
      this.add('pg_type', row.rowType, () => relationKey(row))
      this.add('pg_type', row.rowTypeArray, () => relationKey(row))
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
      const columns = this.columns.get(row.relation) ?? new Map<number, MakeKey>()
      this.columns.set(
        row.relation,
        columns.set(row.number, () => partKey('column', relationOf(row), row.name)),
      )
      this.add('pg_attrdef', row.defaultOid, () => partKey('default', relationOf(row), row.name))
    }
    for (const row of rows.constraints) {
      this.add('pg_constraint', row.oid, () => partKey('constraint', relationOf(row), row.name))
    }
    for (const row of rows.indexes) this.add('pg_class', row.oid, () => indexKey(relationOf(row).schema, row.name))
    for (const row of rows.triggers)
      this.add('pg_trigger', row.oid, () => partKey('trigger', relationOf(row), row.name))
    for (const row of rows.policies) this.add('pg_policy', row.oid, () => partKey('policy', relationOf(row), row.name))
    for (const row of rows.statistics) this.add('pg_statistic_ext', row.oid, () => statisticsKey(row))
    for (const row of rows.rules) {
      const makeKey = (): ObjectKey =>
        row.name === '_RETURN' ? relationKey(relationOf(row)) : partKey('rule', relationOf(row), row.name)
      this.add('pg_rewrite', row.oid, makeKey)
    }
  }
}
