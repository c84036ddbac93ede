import { quoteIdentifier } from '@freehold/postgres'
import type { RangeVar } from '@pgsql/types'
import type { Relation } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { searchPathIn } from '../session-settings.ts'
import { type KeyColumn, keysOf } from './table-key.ts'

/** Returns the table that a statement means, under the search_path that its file has set; undefined where none is known. */
export function findTarget(
  table: RangeVar,
  unit: PlanningUnit,
  context: PlanContext,
): { name: RelationName; relation: Relation } | undefined {
  const path = table.schemaname === undefined ? searchPathIn(unit.settings) : undefined
  const names = path?.map((schema) => ({ schema, name: table.relname ?? '' })) ?? [context.resolve(table)]
  for (const name of names) {
    const relation = context.findRelation(name)
    if (relation !== undefined && relation.persistence !== 'temporary') {
      return { name, relation }
    }
  }
  return undefined
}

/** Returns the keys that hold when the unit runs: in the contract phase the old ones may be gone and the new not yet made. */
export function keysAt(
  name: RelationName,
  relation: Relation,
  unit: PlanningUnit,
  context: PlanContext,
): KeyColumn[][] {
  if (hasHeirs(relation, context)) {
    return []
  }
  const keys = keysOf(relation)
  if (unit.phase !== 'contract') {
    return keys
  }
  const later = context.after.relations.find((one) => one.schema === name.schema && one.name === name.name)
  const lasting = new Set(later === undefined ? [] : keysOf(later).map((key) => JSON.stringify(key)))
  return keys.filter((key) => lasting.has(JSON.stringify(key)))
}

/** A statement on a table also changes the rows of those that inherit from it, over which no key of it reaches. */
function hasHeirs(relation: Relation, context: PlanContext): boolean {
  if (relation.kind === 'partitionedTable') {
    return false
  }
  const names = new Set([relation.name, quoteIdentifier(relation.name)])
  return context.catalog.relations.some((one) =>
    one.inherits.some((parent) => [...names].some((name) => parent.endsWith(`.${name}`))),
  )
}
