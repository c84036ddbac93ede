/** Partitions and heirs: which tables a DROP TABLE takes along, and how a table leaves its parents. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Relation } from '../../inspect/catalog.ts'
import { parseQualified } from '../../inspect/render/parse-names.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, lockOn, sqlName } from '../actions.ts'
import { nameInContract } from '../bridges/renames.ts'
import { isSameName } from '../bridges/trace-names.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import type { RelationLock } from '../step.ts'
import type { LeavingTable } from './dropped-table.ts'

/** Returns the table and what goes with it: its partitions and, with CASCADE, its heirs. */
export function withDescendants(relation: Relation, isCascade: boolean, context: PlanContext): Relation[] {
  const children = context.catalog.relations.filter(({ partition, inherits }) =>
    partition === null
      ? isCascade && inherits.some((parent) => isSameName(parseQualified(parent), relation))
      : isSameName(parseQualified(partition.of), relation),
  )
  return [relation, ...children.flatMap((child) => withDescendants(child, isCascade, context))]
}

/** How one table leaves parents that stay. */
export interface Leave {
  sql: string[]
  locks: RelationLock[]
}

/** Returns what takes the table from its parents; undefined where it has none that stay. */
export function leaveParents(
  { live, name }: LeavingTable,
  leaving: LeavingTable[],
  unit: PlanningUnit,
  context: PlanContext,
): Leave | undefined {
  const stays = (parent: RelationName): boolean => !leaving.some((other) => isSameName(other.live, parent))
  const names = (live.partition === null ? live.inherits : [live.partition.of]).map(parseQualified).filter(stays)
  const parents = names.map((parent) => nameInContract(parent, unit.order, context))
  if (parents.length === 0) {
    return undefined
  }
  if (live.partition === null) {
    return {
      sql: parents.map((parent) => alterTable(name, `NO INHERIT ${sqlName(parent)}`)),
      locks: parents.map((parent) => lockOn(parent, 'AccessShareLock')),
    }
  }
  // A partition keeps copies of its parent's foreign keys when it leaves.
  const copies = live.constraints.filter(({ kind, inheritedCount }) => kind === 'foreignKey' && inheritedCount > 0)
  const referenced = copies.flatMap(({ references }) =>
    references === null
      ? []
      : [nameInContract({ schema: references.schema, name: references.table }, unit.order, context)],
  )
  return {
    sql: [
      ...parents.map((parent) => alterTable(parent, `DETACH PARTITION ${sqlName(name)}`)),
      ...copies.map((copy) => alterTable(name, `DROP CONSTRAINT ${quoteIdentifier(copy.name)}`)),
    ],
    locks: [...parents, ...referenced].map((table) => lockOn(table)),
  }
}
