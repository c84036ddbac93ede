/** Says a statement again with the names that its tables have in the phase in which it runs. */
import type { Node, RangeVar } from '@pgsql/types'
import { DeparseError, deparse } from '../../parse/deparse.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf } from '../syntax.ts'
import { columnInContract, nameInContract } from './renames.ts'
import { findLiveColumn, findLiveRelation, isSameName } from './trace-names.ts'

/**
 * Returns the unit's SQL for its phase. Renames are carried out at the start of the contract phase, so what stood
 * before one of them and waits for that phase has to use the names that it gives.
 */
export function sqlInPhase(unit: PlanningUnit, context: PlanContext): string {
  if (unit.phase !== 'contract') {
    return unit.unit.sql
  }
  const node = structuredClone(unit.unit.node)
  const isChanged = renameTables(node, unit, context)
  return isChanged ? (tryDeparse(node) ?? unit.unit.sql) : unit.unit.sql
}

function renameTables(root: Node, unit: PlanningUnit, context: PlanContext): boolean {
  let isChanged = renameAlteredColumn(root, unit, context)
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, field] of Object.entries(value)) {
        if (key === 'RangeVar' || key === 'relation' || key === 'pktable' || key === 'table') {
          isChanged = renameTable(field as RangeVar, unit, context) || isChanged
        }
        walk(field)
      }
    }
  }
  walk(root)
  return isChanged
}

function renameTable(table: RangeVar, unit: PlanningUnit, context: PlanContext): boolean {
  if (typeof table.relname !== 'string') {
    return false
  }
  const name = context.resolve(table)
  const live = findLiveRelation(name, unit.order, context)
  const then = live && nameInContract(live, context)
  if (then === undefined || isSameName(then, name)) {
    return false
  }
  table.relname = then.name
  table.schemaname = then.schema
  return true
}

/** The column that ALTER TABLE … ALTER COLUMN names. */
function renameAlteredColumn(root: Node, unit: PlanningUnit, context: PlanContext): boolean {
  const statement = bodyOf<{ relation?: RangeVar; cmds?: Node[] }>(root, 'AlterTableStmt')
  const command = bodyOf<{ name?: string; subtype?: string }>(statement?.cmds?.[0], 'AlterTableCmd')
  if (statement?.relation === undefined || command?.name === undefined || command.subtype?.endsWith('Constraint')) {
    return false
  }
  const table = context.resolve(statement.relation)
  const live = findLiveRelation(table, unit.order, context)
  const column = findLiveColumn(table, command.name, unit.order, context)
  const then = live && column && columnInContract(live, column.name, context)
  if (then === undefined || then === command.name) {
    return false
  }
  command.name = then
  return true
}

function tryDeparse(node: Node): string | undefined {
  try {
    return deparse(node)
  } catch (error) {
    if (error instanceof DeparseError) {
      return undefined
    }
    throw error
  }
}
