/** What stands on a table beside its own parts, and how it is made to stand on the table's twin. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Catalog, Constraint, Policy, Relation, Routine, Rule } from '../../inspect/catalog.ts'
import {
  indexKey,
  type ObjectKey,
  partKey,
  publicationKey,
  relationKey,
  routineKey,
  statisticsKey,
} from '../../inspect/object-keys.ts'
import { isSameName } from '../bridges/trace-names.ts'
import { TwinRefusal } from './twin-refusal.ts'

/** A foreign key of another table, or of the table to itself or another one. */
export interface ForeignKey {
  relation: Relation
  constraint: Constraint
}

export interface TableDependants {
  views: Relation[]
  /** Functions whose arguments or result are of the table's row type: another function stands in for each. */
  typed: Routine[]
  /** Functions whose body names the table by its identity. */
  bodies: Routine[]
  policies: { relation: Relation; policy: Policy }[]
  rules: { relation: Relation; rule: Rule }[]
}

/** Returns the foreign keys from and to the table, but for those that come with a partitioned table's. */
export function foreignKeysOf(table: Relation, catalog: Catalog): ForeignKey[] {
  return catalog.relations.flatMap((relation) =>
    relation.constraints
      .filter(({ kind, references, inheritedCount }) => {
        const isInto = references !== null && isSameName({ schema: references.schema, name: references.table }, table)
        return kind === 'foreignKey' && inheritedCount === 0 && (relation === table || isInto)
      })
      .map((constraint) => ({ relation, constraint })),
  )
}

/** Returns what stands on the table directly. Throws a TwinRefusal for what cannot be made to stand on another one. */
export function dependantsOfTable(table: Relation, catalog: Catalog): TableDependants {
  const own = ownKeys(table)
  const on = new Set([relationKey(table), ...table.columns.map(({ name }) => partKey('column', table, name))])
  const keys = new Set(
    catalog.dependencies.filter((one) => on.has(one.on) && !own.has(one.object)).map(({ object }) => object),
  )
  const found: TableDependants = { views: [], typed: [], bodies: [], policies: [], rules: [] }
  for (const relation of catalog.relations) {
    takeRelation(relation, table, keys, found)
  }
  for (const routine of catalog.functions) {
    if (keys.delete(routineKey(routine))) {
      const isTyped = namesType(routine, table)
      found[isTyped ? 'typed' : 'bodies'].push(routine)
    }
  }
  for (const publication of catalog.publications) {
    keys.delete(publicationKey(publication.name))
  }
  const [left] = keys
  if (left !== undefined) {
    throw new TwinRefusal(`${left} stands on ${table.name}, and cannot be made to stand on its twin`)
  }
  return found
}

function takeRelation(relation: Relation, table: Relation, keys: Set<ObjectKey>, found: TableDependants): void {
  const key = relationKey(relation)
  if (relation.kind === 'view' && keys.delete(key)) {
    found.views.push(relation)
  }
  if (relation.kind === 'materializedView' && keys.has(key)) {
    throw new TwinRefusal(
      `the materialized view ${relation.name} holds rows of ${table.name} and would have to be filled anew: drop it before, and make it again afterwards`,
    )
  }
  for (const policy of relation.policies) {
    if (keys.delete(partKey('policy', relation, policy.name))) {
      found.policies.push({ relation, policy })
    }
  }
  for (const rule of relation.rules) {
    if (keys.delete(partKey('rule', relation, rule.name))) {
      found.rules.push({ relation, rule })
    }
  }
  for (const constraint of relation.constraints) {
    if (constraint.kind === 'foreignKey') {
      keys.delete(partKey('constraint', relation, constraint.name))
    }
  }
}

/** Names in a signature are as Postgres prints them under an empty search_path. */
function namesType({ identityArguments, result }: Routine, { schema, name }: Relation): boolean {
  const text = `${identityArguments} ${result ?? ''}`.replaceAll('"', '')
  return text.includes(`${schema}.${name}`)
}

function ownKeys(table: Relation): Set<ObjectKey> {
  return new Set([
    ...table.columns.flatMap(({ name }) => [partKey('column', table, name), partKey('default', table, name)]),
    ...table.constraints.map(({ name }) => partKey('constraint', table, name)),
    ...table.triggers.map(({ name }) => partKey('trigger', table, name)),
    ...table.policies.map(({ name }) => partKey('policy', table, name)),
    ...table.rules.map(({ name }) => partKey('rule', table, name)),
    ...table.indexes.map(({ name }) => indexKey(table.schema, name)),
    ...table.statistics.map((one) => statisticsKey(one)),
  ])
}

/** Returns the definition with which the foreign key is made without a scan. */
export function foreignKeySql({ relation, constraint }: ForeignKey, serverMajor: number): string {
  if (relation.kind === 'partitionedTable' && constraint.validated && serverMajor < 18) {
    throw new TwinRefusal(
      `the foreign key ${constraint.name} of the partitioned table ${relation.name} cannot be made again without reading it (NOT VALID came with PostgreSQL 18)`,
    )
  }
  const notValid = constraint.validated && constraint.enforced ? ' NOT VALID' : ''
  return `ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition}${notValid}`
}
