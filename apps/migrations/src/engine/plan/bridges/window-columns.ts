/** Which columns a live table has when bridges open: those of before, and those that expand and backfill have added. */
import type { Relation } from '../../inspect/catalog.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { alterCommand, bodyOf } from '../syntax.ts'
import type { ViewColumn } from './bridge-view.ts'
import type { RelationRenames } from './renames.ts'
import { findLiveColumn, findLiveRelation, isSameName } from './trace-names.ts'

/** Returns the columns that the new version knows, each by the name that it has in the window and the one it ends with. */
export function columnsOfNewVersion(renames: RelationRenames, context: PlanContext): ViewColumn[] {
  const after = context.after.relations.find((relation) => isSameName(relation, renames.name))
  const origin = new Map([...renames.columns].map(([from, to]) => [to, from]))
  return (after?.columns ?? []).flatMap(({ name }) => {
    const column = origin.get(name) ?? name
    return isThereInWindow(column, renames, context) ? [{ column, name }] : []
  })
}

/** Returns the columns of the old version, those added in the window, and behind them the renamed ones under their new names. */
export function columnsOfBothVersions(renames: RelationRenames, context: PlanContext): ViewColumn[] {
  const ofNew = columnsOfNewVersion(renames, context)
  const old = renames.live.columns.map(({ name }) => ({ column: name, name }))
  const isLive = ({ column }: ViewColumn): boolean => renames.live.columns.some(({ name }) => name === column)
  const added = ofNew.filter((column) => !isLive(column))
  const renamed = ofNew.filter((column) => isLive(column) && column.column !== column.name)
  return [...old, ...added, ...renamed]
}

/** Tells whether the new version has columns that come only in the contract phase. */
export function columnsThatComeLate(renames: RelationRenames, context: PlanContext): string[] {
  const after = context.after.relations.find((relation) => isSameName(relation, renames.name))
  const shown = new Set(columnsOfNewVersion(renames, context).map(({ name }) => name))
  return (after?.columns ?? []).map(({ name }) => name).filter((name) => !shown.has(name))
}

function isThereInWindow(column: string, renames: RelationRenames, context: PlanContext): boolean {
  const { live } = renames
  const added = context.units.filter((unit) => addedColumn(unit, live, context) === column)
  if (live.columns.some(({ name }) => name === column)) {
    // Dropped and made again: the old one stands until the contract phase.
    return !context.units.some((unit) => droppedColumn(unit, live, context) === column)
  }
  return added.every(({ phase }) => phase !== 'contract')
}

function addedColumn(unit: PlanningUnit, live: Relation, context: PlanContext): string | undefined {
  const alter = alterCommand(unit.unit.node)
  return alter?.command.subtype === 'AT_AddColumn' && isOn(unit, alter.relation, live, context)
    ? bodyOf<{ colname?: string }>(alter.command.def, 'ColumnDef')?.colname
    : undefined
}

/** Returns the live column that the unit drops. */
function droppedColumn(unit: PlanningUnit, live: Relation, context: PlanContext): string | undefined {
  const alter = alterCommand(unit.unit.node)
  if (alter?.command.subtype !== 'AT_DropColumn' || !isOn(unit, alter.relation, live, context)) {
    return undefined
  }
  return findLiveColumn(context.resolve(alter.relation), alter.command.name ?? '', unit.order, context)?.name
}

type Named = Parameters<PlanContext['resolve']>[0]

function isOn(unit: PlanningUnit, table: Named, live: Relation, context: PlanContext): boolean {
  const found = findLiveRelation(context.resolve(table), unit.order, context)
  return found !== undefined && isSameName(found, live)
}
