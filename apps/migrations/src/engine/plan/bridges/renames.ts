/** Gathers what the plan renames, table by table, and says what a name of the live catalog is in the contract phase. */

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
  const known = cache.get(context)
  if (known !== undefined) {
    return known
  }
  const found = new Map<Relation, RelationRenames>()
  for (const unit of context.units.toSorted((a, b) => a.order - b.order)) {
    addRelationRename(found, unit, context)
    addColumnRename(found, unit, context)
  }
  const renames = [...found.values()]
  cache.set(context, renames)
  return renames
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

/** Returns the name that a relation of the live catalog has in the contract phase, when renames have been carried out. */
export function nameInContract(live: RelationName, context: PlanContext): RelationName {
  return collectRenames(context).find((renames) => isSameName(renames.live, live))?.name ?? nameOf(live)
}

/** Returns the name that a column of the live catalog has in the contract phase. */
export function columnInContract(live: RelationName, column: string, context: PlanContext): string {
  return (
    collectRenames(context)
      .find((renames) => isSameName(renames.live, live))
      ?.columns.get(column) ?? column
  )
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

function nameOf({ schema, name }: RelationName): RelationName {
  return { schema, name }
}
