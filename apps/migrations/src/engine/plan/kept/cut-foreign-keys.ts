/** The foreign keys between a table that leaves and those that stay. */
import { quoteIdentifier, quoteLiteral } from '@freehold/postgres'
import type { Constraint, Relation } from '../../inspect/catalog.ts'
import { partKey } from '../../inspect/object-keys.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, sqlName } from '../actions.ts'
import { nameInContract } from '../bridges/renames.ts'
import { findLiveRelation, isSameName } from '../bridges/trace-names.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { alterCommand } from '../syntax.ts'
import { droppedColumnOf } from './dropped-column.ts'
import type { LeavingTable } from './dropped-table.ts'
import { droppedTablesOf } from './dropped-table.ts'

/** A foreign key that is dropped, and how it comes back. */
export interface CutForeignKey {
  name: string
  /** The referencing table. */
  table: RelationName
  referenced: RelationName
  restore: string[]
  validate: string[]
}

/** Returns the foreign keys that are there when the tables leave; those of other tables only where CASCADE drops them. */
export function foreignKeysToCut(
  leaving: LeavingTable[],
  unit: PlanningUnit,
  isCascade: boolean,
  context: PlanContext,
): CutForeignKey[] {
  const leaves = (name: RelationName): boolean => leaving.some(({ live }) => isSameName(live, name))
  const found: CutForeignKey[] = []
  for (const relation of context.catalog.relations) {
    for (const constraint of relation.constraints) {
      const { references } = constraint
      // Copies of a partitioned table's key in its partitions go with it.
      if (constraint.kind !== 'foreignKey' || references === null || constraint.inheritedCount > 0) {
        continue
      }
      const referenced = { schema: references.schema, name: references.table }
      const out = leaves(relation) && !leaves(referenced)
      const into = isCascade && !leaves(relation) && leaves(referenced)
      if ((out || into) && !isGoneBefore(relation, constraint, referenced, unit, context)) {
        found.push(toCut(relation, constraint, referenced, unit, context))
      }
    }
  }
  return found
}

function toCut(
  relation: Relation,
  constraint: Constraint,
  referenced: RelationName,
  unit: PlanningUnit,
  context: PlanContext,
): CutForeignKey {
  const table = nameInContract(relation, unit.order, context)
  const name = quoteIdentifier(constraint.name)
  const isSlow = relation.kind === 'partitionedTable' && context.serverMajor < 18
  const notValid = constraint.validated && !isSlow ? ' NOT VALID' : ''
  const comment =
    constraint.comment === null
      ? []
      : [`COMMENT ON CONSTRAINT ${name} ON ${sqlName(table)} IS ${quoteLiteral(constraint.comment)}`]
  return {
    name: constraint.name,
    table,
    referenced: nameInContract(referenced, unit.order, context),
    restore: [alterTable(table, `ADD CONSTRAINT ${name} ${constraint.definition}${notValid}`), ...comment],
    validate: notValid === '' ? [] : [alterTable(table, `VALIDATE CONSTRAINT ${name}`)],
  }
}

/** Tells whether an earlier unit has dropped the key, a column of it, or the table at its other end; code may have, too. */
function isGoneBefore(
  relation: Relation,
  constraint: Constraint,
  referenced: RelationName,
  unit: PlanningUnit,
  context: PlanContext,
): boolean {
  return context.units.some((earlier) => {
    if (earlier.order >= unit.order) {
      return false
    }
    if (earlier.observation.changes?.removed.includes(partKey('constraint', relation, constraint.name)) === true) {
      return true
    }
    if (droppedTablesOf(earlier, context).some((live) => isSameName(live, relation) || isSameName(live, referenced))) {
      return true
    }
    const column = droppedColumnOf(earlier, context)
    if (column !== undefined) {
      const ends = [
        { table: relation, columns: constraint.columns },
        { table: referenced, columns: constraint.references?.columns ?? [] },
      ]
      return ends.some(({ table, columns }) => isSameName(column.live, table) && columns.includes(column.column.name))
    }
    const alter = alterCommand(earlier.unit.node)
    if (alter?.command.subtype !== 'AT_DropConstraint' || alter.command.name !== constraint.name) {
      return false
    }
    const live = findLiveRelation(context.resolve(alter.relation), earlier.order, context)
    return live !== undefined && isSameName(live, relation)
  })
}
