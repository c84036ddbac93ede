/**
 * Gathers what the plan renames at the start of the contract phase, table by table, and says what a name of the live
 * catalog is from then on. Names that something else has until it is dropped are not among them: they change in the
 * order in which it was written.
 */

import { quoteIdentifier } from '@freehold/postgres'
import type { Relation } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { sqlName } from '../actions.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { columnRenameOf, findLiveColumn, findLiveRelation, isSameName, relationRenameOf } from './trace-names.ts'

/** All that the plan renames of one relation of the live catalog. */
export interface RelationRenames {
  live: Relation
  /** Its name after the plan. */
  name: RelationName
  /** New names of live columns by their old ones. */
  columns: Map<string, string>
  /** The column renamings one after the other, for names that are handed on (`a` to `b` after `b` to `c`). */
  columnSteps: { from: string; to: string }[]
  units: PlanningUnit[]
}

const cache = new WeakMap<PlanContext, RelationRenames[]>()

/** Returns what the plan renames of tables and views that are there, in the order of the last statement on each. */
export function collectRenames(context: PlanContext): RelationRenames[] {
  if (!context.bridged) {
    return []
  }
  const known = cache.get(context)
  if (known !== undefined) {
    return known
  }
  const found = new Map<Relation, RelationRenames>()
  for (const unit of context.units.toSorted((a, b) => a.order - b.order)) {
    addRelationRename(found, unit, context)
    addColumnRename(found, unit, context)
  }
  const renames = withoutNamesTaken([...found.values()].filter(isDeferred), context)
  cache.set(context, renames)
  return renames
}

/** What is renamed in expand because its author asks for it runs as written. */
function isDeferred({ units }: RelationRenames): boolean {
  return units.every(({ phase }) => phase === 'contract')
}

/** Leaves out whatever takes a name that is free only when something has been dropped, or in a circle. */
function withoutNamesTaken(all: RelationRenames[], context: PlanContext): RelationRenames[] {
  let left = all.filter(({ live, columns }) =>
    [...columns.values()].every((to) => columns.has(to) || !live.columns.some(({ name }) => name === to)),
  )
  for (let count = -1; count !== left.length; ) {
    count = left.length
    left = left.filter((renames, position) => {
      const holder = context.catalog.relations.find(
        (other) => other !== renames.live && isSameName(other, renames.name),
      )
      return holder === undefined || left.slice(0, position).some(({ live }) => live === holder)
    })
  }
  return left
}

function addRelationRename(found: Map<Relation, RelationRenames>, unit: PlanningUnit, context: PlanContext): void {
  const rename = relationRenameOf(unit, context)
  const live = rename && findLiveRelation(rename.from, unit.order, context)
  if (rename !== undefined && live !== undefined) {
    const renames = entryOf(found, live)
    renames.name = rename.to
    renames.units.push(unit)
  }
}

function addColumnRename(found: Map<Relation, RelationRenames>, unit: PlanningUnit, context: PlanContext): void {
  const rename = columnRenameOf(unit, context)
  const live = rename && findLiveRelation(rename.relation, unit.order, context)
  const column = rename && findLiveColumn(rename.relation, rename.from, unit.order, context)
  if (rename !== undefined && live !== undefined && column !== undefined) {
    const renames = entryOf(found, live)
    renames.columns.set(column.name, rename.to)
    renames.columnSteps.push({ from: rename.from, to: rename.to })
    renames.units.push(unit)
  }
}

function entryOf(found: Map<Relation, RelationRenames>, live: Relation): RelationRenames {
  const existing = found.get(live)
  // Put back at the end, so that the order is that of the last statement on each.
  found.delete(live)
  const renames = existing ?? {
    live,
    name: { schema: live.schema, name: live.name },
    columns: new Map<string, string>(),
    columnSteps: [],
    units: [],
  }
  found.set(live, renames)
  return renames
}

/** Returns what is renamed of the relation at the start of the contract phase, if anything is. */
export function findRenames(live: RelationName, context: PlanContext): RelationRenames | undefined {
  return collectRenames(context).find((renames) => isSameName(renames.live, live))
}

/**
 * Returns the name that a relation of the live catalog has when the unit of that order runs in the contract phase:
 * renames have been carried out by then, but for those that keep their place in the order.
 */
export function nameInContract(live: RelationName, order: number, context: PlanContext): RelationName {
  const renames = findRenames(live, context)
  if (renames !== undefined) {
    return renames.name
  }
  let current: RelationName = { schema: live.schema, name: live.name }
  for (const unit of unitsUpTo(order, context)) {
    const rename = relationRenameOf(unit, context)
    if (rename !== undefined && isSameName(rename.from, current)) {
      current = rename.to
    }
  }
  return current
}

/** Returns the name that a column of the live catalog has when the unit of that order runs in the contract phase. */
export function columnInContract(live: RelationName, column: string, order: number, context: PlanContext): string {
  const renames = findRenames(live, context)
  if (renames !== undefined) {
    return renames.columns.get(column) ?? column
  }
  let current = column
  for (const unit of unitsUpTo(order, context)) {
    const rename = columnRenameOf(unit, context)
    const renamed = rename && findLiveColumn(rename.relation, rename.from, unit.order, context)
    const table = rename && findLiveRelation(rename.relation, unit.order, context)
    if (rename !== undefined && renamed?.name === column && table !== undefined && isSameName(table, live)) {
      current = rename.to
    }
  }
  return current
}

function unitsUpTo(order: number, context: PlanContext): PlanningUnit[] {
  return context.units.filter((unit) => unit.order < order).sort((a, b) => a.order - b.order)
}

/** Returns statements that give the relation its other name and schema. */
export function moveSql(from: RelationName, to: RelationName): string[] {
  const sql: string[] = []
  if (from.schema !== to.schema) {
    sql.push(`ALTER TABLE ${sqlName(from)} SET SCHEMA ${quoteIdentifier(to.schema)}`)
  }
  if (from.name !== to.name) {
    sql.push(`ALTER TABLE ${sqlName({ schema: to.schema, name: from.name })} RENAME TO ${quoteIdentifier(to.name)}`)
  }
  return sql
}
