import type { Catalog, Relation, RelationSize } from '../inspect/catalog.ts'
import type { RelationName } from '../rehearse/observation.ts'
import type { PlanContext, PlanningUnit } from './draft.ts'
import { bodyOf } from './syntax.ts'

export interface ContextInput {
  catalog: Catalog
  after: Catalog
  sizes: RelationSize[]
  schema: string
  briefTableBytes: number
  bridged: boolean
  hidesColumns: boolean
  units: PlanningUnit[]
}

/** Returns what mechanisms may ask; a table that the plan renames is found under its old and its new name. */
export function createContext(input: ContextInput): PlanContext {
  const before = new Map(input.catalog.relations.map((relation) => [keyOf(relation), relation]))
  const after = new Map(input.after.relations.map((relation) => [keyOf(relation), relation]))
  const sizes = new Map(input.sizes.map((size) => [keyOf(size), size]))
  const created = new Set(input.units.flatMap((unit) => unit.observation.createdRelations.map(keyOf)))
  const oldNames = renamedTables(input.units, input.schema)
  const oldNameOf = (name: RelationName): RelationName => oldNames.get(keyOf(name)) ?? name
  const find = (name: RelationName): Relation | undefined =>
    before.get(keyOf(name)) ?? before.get(keyOf(oldNameOf(name)))
  return {
    catalog: input.catalog,
    after: input.after,
    schema: input.schema,
    serverMajor: Math.floor(input.catalog.serverVersionNum / 10000),
    briefTableBytes: input.briefTableBytes,
    bridged: input.bridged,
    hidesColumns: input.hidesColumns,
    units: input.units,
    findRelation: (name) => find(name) ?? after.get(keyOf(name)),
    isNew: (name) => created.has(keyOf(name)) && find(name) === undefined,
    sizeOf: (name) => sizes.get(keyOf(name)) ?? sizes.get(keyOf(oldNameOf(name))),
    resolve(name) {
      const relname = name.relname ?? ''
      if (name.schemaname !== undefined && name.schemaname !== '') {
        return { schema: name.schemaname, name: relname }
      }
      return { schema: input.schema, name: relname }
    },
  }
}

function renamedTables(units: PlanningUnit[], schema: string): Map<string, RelationName> {
  const names = new Map<string, RelationName>()
  for (const { unit } of units) {
    const rename = bodyOf<{
      renameType?: string
      newname?: string
      relation?: { schemaname?: string; relname?: string }
    }>(unit.node, 'RenameStmt')
    if (rename?.renameType === 'OBJECT_TABLE' && rename.relation?.relname !== undefined) {
      const old = { schema: rename.relation.schemaname ?? schema, name: rename.relation.relname }
      names.set(keyOf({ schema: old.schema, name: rename.newname ?? '' }), names.get(keyOf(old)) ?? old)
    }
  }
  return names
}

function keyOf(name: RelationName): string {
  return `${name.schema}\0${name.name}`
}
