import type { Catalog, Relation } from './catalog.ts'
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
} from './object-keys.ts'

/** An object's properties by name, as plain data; what has a key of its own is left out. */
export type Properties = Readonly<Record<string, unknown>>

// They follow from where and by whom a database is run, not from its migrations.
const placeProperties: readonly string[] = ['owner', 'acl', 'tablespace']
const placeFamilies: readonly string[] = ['default privileges']

/**
 * Returns every object of the catalog with its properties, by key. This is what two catalogs are compared by: whatever
 * a type of catalog.ts gains is compared without further ado. `ignorePlace` leaves out owners, rights and tablespaces.
 */
export function listObjects(catalog: Catalog, options: { ignorePlace?: boolean } = {}): Map<ObjectKey, Properties> {
  const objects = new Map<ObjectKey, Properties>()
  const add = (key: ObjectKey, properties: Properties): void => {
    objects.set(key, options.ignorePlace ? without(properties, placeProperties) : properties)
  }
  for (const schema of catalog.schemas) add(schemaKey(schema.name), without(schema, ['name']))
  for (const extension of catalog.extensions) add(extensionKey(extension.name), without(extension, ['name']))
  for (const sequence of catalog.sequences) add(sequenceKey(sequence), without(sequence, ['schema', 'name']))
  for (const routine of catalog.functions) {
    add(routineKey(routine), without(routine, ['schema', 'name', 'identityArguments']))
  }
  for (const publication of catalog.publications) add(publicationKey(publication.name), without(publication, ['name']))
  for (const other of catalog.others) {
    if (!(options.ignorePlace && placeFamilies.includes(other.family))) {
      // The roles follow from the statements.
      add(otherKey(other), without(other, ['family', 'key', 'roles']))
    }
  }
  addTypes(catalog, add)
  for (const relation of catalog.relations) {
    addRelation(relation, add)
  }
  return objects
}

type Add = (key: ObjectKey, properties: Properties) => void

function addTypes(catalog: Catalog, add: Add): void {
  for (const type of catalog.types) {
    const { domain, ...rest } = type
    const { constraints = [], ...ofDomain } = domain ?? {}
    add(typeKey(type), { ...without(rest, ['schema', 'name']), ...(domain === undefined ? {} : { domain: ofDomain }) })
    for (const constraint of constraints) {
      add(domainConstraintKey(type, constraint.name), without(constraint, ['name']))
    }
  }
}

function addRelation(relation: Relation, add: Add): void {
  const {
    oid: _,
    schema,
    name: __,
    columns,
    constraints,
    indexes,
    triggers,
    policies,
    rules,
    statistics,
    ...rest
  } = relation
  add(relationKey(relation), { ...without(rest, ['schema']), 'column order': columns.map((column) => column.name) })
  for (const column of columns) add(partKey('column', relation, column.name), without(column, ['name']))
  for (const constraint of constraints)
    add(partKey('constraint', relation, constraint.name), without(constraint, ['name']))
  for (const index of indexes) add(indexKey(schema, index.name), without(index, ['name']))
  for (const trigger of triggers) add(partKey('trigger', relation, trigger.name), without(trigger, ['name']))
  for (const policy of policies) add(partKey('policy', relation, policy.name), without(policy, ['name']))
  for (const rule of rules) add(partKey('rule', relation, rule.name), without(rule, ['name']))
  for (const object of statistics) {
    add(statisticsKey(object), { ...without(object, ['schema', 'name']), table: relationKey(relation) })
  }
}

function without(properties: object, names: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))
}
