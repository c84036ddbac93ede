/**
 * A dropped column stops being required in expand; in contract its values are kept by key in schema freehold, and then
 * it goes. Columns dropped by one statement are kept and dropped together.
 */
import { quoteIdentifier } from '@freehold/postgres'
import type { Column, Relation } from '../../inspect/catalog.ts'
import { alterTable, inTransaction, lockOn } from '../actions.ts'
import { columnInContract, nameInContract } from '../bridges/renames.ts'
import { findLiveColumn, findLiveRelation, isSameName } from '../bridges/trace-names.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import { alterCommand } from '../syntax.ts'
import { goesAside, hiddenColumn, hideColumns } from './column-aside.ts'
import { copyColumns } from './column-copy.ts'
import { dropNotNull, giveDefault, isRequired, obstacleToLoosening } from './required-column.ts'
import { findRowKey } from './row-key.ts'

/** A live column that a unit drops. */
export interface DroppedColumn {
  live: Relation
  column: Column
  cascade: boolean
}

/** Returns the live column of a live table that the unit drops, if it drops one. */
export function droppedColumnOf(unit: PlanningUnit, context: PlanContext): DroppedColumn | undefined {
  const alter = alterCommand(unit.unit.node)
  if (alter?.command.subtype !== 'AT_DropColumn') {
    return undefined
  }
  const table = context.resolve(alter.relation)
  const live = findLiveRelation(table, unit.order, context)
  const column = findLiveColumn(table, alter.command.name ?? '', unit.order, context)
  if (live === undefined || column === undefined || (live.kind !== 'table' && live.kind !== 'partitionedTable')) {
    return undefined
  }
  return { live, column, cascade: alter.command.behavior === 'DROP_CASCADE' }
}

/** Returns the steps of all columns that the unit's statement drops, for the first of them; none for the others. */
export function dropColumns(unit: PlanningUnit, context: PlanContext): Draft[] {
  const together = context.units.filter(
    (other) =>
      other.statement === unit.statement && other.phase === unit.phase && droppedColumnOf(other, context) !== undefined,
  )
  const dropped = together.flatMap((other) => droppedColumnOf(other, context) ?? [])
  const live = dropped[0]?.live
  if (live === undefined || together[0] !== unit) {
    return []
  }
  const stillRequired: string[] = []
  const loosened =
    unit.phase === 'expand' ? [] : dropped.flatMap(({ column }) => loosen(column, live, unit, stillRequired, context))
  return [...loosened, ...keepAndDrop(dropped, live, unit, stillRequired, context)]
}

function loosen(
  column: Column,
  live: Relation,
  unit: PlanningUnit,
  stillRequired: string[],
  context: PlanContext,
): Draft[] {
  const { down } = unit.statement.directives
  if (down !== undefined && column.generated === null && column.identity === null) {
    return [giveDefault(column, live, down)]
  }
  if (!isRequired(column)) {
    return []
  }
  const obstacle = obstacleToLoosening(column, live)
  if (obstacle !== undefined) {
    stillRequired.push(obstacle)
    return []
  }
  return dropNotNull(column, live, context)
}

function keepAndDrop(
  dropped: DroppedColumn[],
  live: Relation,
  unit: PlanningUnit,
  stillRequired: string[],
  context: PlanContext,
): Draft[] {
  const inContract = unit.phase === 'contract'
  const table = inContract ? nameInContract(live, unit.order, context) : { schema: live.schema, name: live.name }
  const rename = (column: Column): Column =>
    inContract ? { ...column, name: columnInContract(live, column.name, unit.order, context) } : column
  const names = dropped.map(({ column }) => rename(column).name)
  const aside = goesAside(unit, context)
  const isDropped = (column: Column): boolean => dropped.some((one) => one.column.name === column.name)
  const nameAtEnd = (column: Column): string =>
    aside ? hiddenColumn(unit.statement.migrationId, live, column.name) : rename(column).name
  // A generated column's values come back with its expression.
  const kept = dropped
    .filter(({ column }) => column.generated === null)
    .map(({ column }) => ({ ...column, name: nameAtEnd(column), keptAs: rename(column).name }))
  const avoided = dropped.map(({ column }) => column.name)
  const key = findRowKey(live, { avoided, gone: columnsDroppedElsewhere(unit, live, context) }, context.catalog)
  const copy =
    kept.length === 0
      ? { drafts: [], last: [] }
      : copyColumns({
          migrationId: unit.statement.migrationId,
          phase: unit.phase,
          table,
          key:
            key?.map((column) => ({ ...column, name: isDropped(column) ? nameAtEnd(column) : rename(column).name })) ??
            null,
          columns: kept,
        })
  const cascade = dropped.some((one) => one.cascade) ? ' CASCADE' : ''
  const commands = dropped.map(({ column }) => `DROP COLUMN ${quoteIdentifier(nameAtEnd(column))}${cascade}`).join(', ')
  const waits = stillRequired.map(
    (obstacle) => `; ${obstacle}, so start the new version only after freehold migrate complete`,
  )
  const columns = dropped.map(({ column }) => ({ live: column.name, now: rename(column).name }))
  return [
    ...(aside ? [hideColumns(columns, live, table, unit, context)] : []),
    ...copy.drafts,
    {
      phase: unit.phase,
      mechanism: 'deferred',
      reason: `${names.join(', ')} of ${table.name} is dropped when the old version is gone${waits.join('')}`,
      do: inTransaction(
        [...copy.last, alterTable(table, commands)],
        [lockOn(table), ...otherTables(dropped, live, unit, context)],
        unit.settings,
      ),
      undo: {
        kind: 'none',
        reason: 'a dropped column does not come back at its place; its values are kept in schema freehold',
        stays: true,
      },
      place: 'remove',
      table,
      cost: 'catalog',
    },
  ]
}

/** Foreign keys go with the column, which locks the tables that they refer to. */
function otherTables(dropped: DroppedColumn[], live: Relation, unit: PlanningUnit, context: PlanContext) {
  const names = new Set(dropped.map(({ column }) => column.name))
  const referenced = live.constraints
    .filter(({ columns }) => columns.some((column) => names.has(column)))
    .flatMap(({ references }) => (references === null ? [] : [{ schema: references.schema, name: references.table }]))
    .filter((table) => !isSameName(table, live))
  const unique = new Map(referenced.map((table) => [JSON.stringify(table), table]))
  return [...unique.values()].map((table) => lockOn(nameInContract(table, unit.order, context)))
}

/** Their columns may be gone when the values are copied, or be others of the same name. */
function columnsDroppedElsewhere(unit: PlanningUnit, live: Relation, context: PlanContext): string[] {
  return context.units
    .filter((other) => other.statement !== unit.statement)
    .flatMap((other) => droppedColumnOf(other, context) ?? [])
    .filter((dropped) => isSameName(dropped.live, live))
    .map(({ column }) => column.name)
}
