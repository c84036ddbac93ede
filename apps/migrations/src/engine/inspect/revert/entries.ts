import type {
  Catalog,
  Column,
  Constraint,
  DomainConstraint,
  ExtendedStatistics,
  Extension,
  Index,
  OtherObject,
  Policy,
  Publication,
  Relation,
  Routine,
  Rule,
  Schema,
  Sequence,
  Trigger,
  UserType,
} from '../catalog.ts'
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
  schemaKey,
  sequenceKey,
  statisticsKey,
  typeKey,
} from '../object-keys.ts'

/** An object with what it is part of. */
export type Entry = { key: ObjectKey; parent: ObjectKey | null } & (
  | { family: 'schema'; object: Schema }
  | { family: 'extension'; object: Extension }
  | { family: 'type'; object: UserType }
  | { family: 'domainConstraint'; object: DomainConstraint; type: UserType }
  | { family: 'sequence'; object: Sequence }
  | { family: 'routine'; object: Routine }
  | { family: 'publication'; object: Publication }
  | { family: 'other'; object: OtherObject }
  | { family: 'relation'; object: Relation; sequences: Sequence[] }
  | { family: 'column'; object: Column; relation: Relation }
  | { family: 'default'; object: { name: string; default: string }; relation: Relation }
  | { family: 'constraint'; object: Constraint; relation: Relation }
  | { family: 'index'; object: Index; relation: Relation }
  | { family: 'trigger'; object: Trigger; relation: Relation }
  | { family: 'policy'; object: Policy; relation: Relation }
  | { family: 'rule'; object: Rule; relation: Relation }
  | { family: 'statistics'; object: ExtendedStatistics; relation: Relation }
)

export type EntryOf<F extends Entry['family']> = Extract<Entry, { family: F }>

/** Returns every object of the catalog by its key. */
export function listEntries(catalog: Catalog): Map<ObjectKey, Entry> {
  const entries: Entry[] = [
    ...catalog.schemas.map((object) => ({
      family: 'schema' as const,
      key: schemaKey(object.name),
      parent: null,
      object,
    })),
    ...catalog.extensions.map((object) => {
      return { family: 'extension' as const, key: extensionKey(object.name), parent: null, object }
    }),
    ...catalog.sequences.map((object) => {
      const { ownedBy } = object
      const column = ownedBy === null ? null : { schema: ownedBy.schema, name: ownedBy.table }
      const parent = column === null ? null : partKey('column', column, ownedBy?.column ?? '')
      return { family: 'sequence' as const, key: sequenceKey(object), parent, object }
    }),
    ...catalog.functions.map((object) => ({
      family: 'routine' as const,
      key: routineKey(object),
      parent: null,
      object,
    })),
    ...catalog.publications.map((object) => {
      return { family: 'publication' as const, key: publicationKey(object.name), parent: null, object }
    }),
    ...catalog.others.map((object) => ({ family: 'other' as const, key: otherKey(object), parent: null, object })),
    ...catalog.types.flatMap(typeEntries),
    ...catalog.relations.flatMap((relation) => relationEntries(relation, catalog.sequences)),
  ]
  return new Map(entries.map((entry) => [entry.key, entry]))
}

function typeEntries(type: UserType): Entry[] {
  const parent = typeKey(type)
  return [
    { family: 'type', key: parent, parent: null, object: type },
    ...(type.domain?.constraints ?? []).map((object): Entry => {
      return { family: 'domainConstraint', key: domainConstraintKey(type, object.name), parent, object, type }
    }),
  ]
}

function relationEntries(relation: Relation, sequences: Sequence[]): Entry[] {
  const parent = relationKey(relation)
  const owned = sequences.filter(
    ({ ownedBy }) => ownedBy?.schema === relation.schema && ownedBy.table === relation.name,
  )
  const part = { parent, relation }
  return [
    { family: 'relation', key: parent, parent: null, object: relation, sequences: owned },
    ...relation.columns.flatMap((object) => columnEntries(relation, object)),
    ...relation.constraints.map((object) => {
      return { ...part, family: 'constraint' as const, key: partKey('constraint', relation, object.name), object }
    }),
    ...relation.indexes.map((object) => {
      const ofConstraint = object.constraint === null ? parent : partKey('constraint', relation, object.constraint)
      const key = indexKey(relation.schema, object.name)
      return { relation, family: 'index' as const, key, parent: ofConstraint, object }
    }),
    ...relation.triggers.map((object) => {
      return { ...part, family: 'trigger' as const, key: partKey('trigger', relation, object.name), object }
    }),
    ...relation.policies.map((object) => {
      return { ...part, family: 'policy' as const, key: partKey('policy', relation, object.name), object }
    }),
    ...relation.rules.map((object) => {
      return { ...part, family: 'rule' as const, key: partKey('rule', relation, object.name), object }
    }),
    ...relation.statistics.map((object) => {
      return { ...part, family: 'statistics' as const, key: statisticsKey(object), object }
    }),
  ]
}

function columnEntries(relation: Relation, object: Column): Entry[] {
  const key = partKey('column', relation, object.name)
  const column: Entry = { family: 'column', key, parent: relationKey(relation), relation, object }
  if (object.default === null || object.generated !== null) {
    return [column]
  }
  const value = { name: object.name, default: object.default }
  const defaultKey = partKey('default', relation, object.name)
  return [column, { family: 'default', key: defaultKey, parent: key, relation, object: value }]
}
