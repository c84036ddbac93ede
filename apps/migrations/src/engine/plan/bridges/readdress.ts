/** Says a statement again with the names that its tables have in the phase in which it runs. */
import type { Node, RangeVar } from '@pgsql/types'
import { DeparseError, deparse } from '../../parse/deparse.ts'
import { parseSql } from '../../parse/parser.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { bodyOf, nameParts } from '../syntax.ts'
import { collectRenames, findRenames } from './renames.ts'
import { findLiveColumn, findLiveRelation, isSameName } from './trace-names.ts'

/**
 * Returns the unit's SQL for its phase. Renames are carried out at the start of the contract phase, so what stood
 * before one of them and waits for that phase has to use the names that it gives.
 */
export function sqlInPhase(unit: PlanningUnit, context: PlanContext): string {
  return withNamesOfPhase(unit.unit.node, unit, context) ?? unit.unit.sql
}

/** Returns further SQL of the unit, written with the names that it uses itself, for its phase. */
export function revertSqlInPhase(sql: string[], unit: PlanningUnit, context: PlanContext): string[] {
  if (collectRenames(context).length === 0) {
    return sql
  }
  return sql.map((text) => {
    const [statement] = parseSql(text)
    return (statement && withNamesOfPhase(statement.node, unit, context)) ?? text
  })
}

function withNamesOfPhase(original: Node, unit: PlanningUnit, context: PlanContext): string | undefined {
  if (unit.phase !== 'contract' || collectRenames(context).length === 0) {
    return undefined
  }
  const node = structuredClone(original)
  return renameTables(node, unit, context) ? tryDeparse(node) : undefined
}

function renameTables(root: Node, unit: PlanningUnit, context: PlanContext): boolean {
  let isChanged = renameAlteredColumn(root, unit, context)
  isChanged = renameTableOfPart(root, unit, context) || isChanged
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
  const then = live && findRenames(live, context)?.name
  if (then === undefined || isSameName(then, name)) {
    return false
  }
  table.relname = then.name
  table.schemaname = then.schema
  return true
}

/** DROP TRIGGER, DROP POLICY and DROP RULE give their table as the head of a list. */
function renameTableOfPart(root: Node, unit: PlanningUnit, context: PlanContext): boolean {
  const drop = bodyOf<{ removeType?: string; objects?: Node[] }>(root, 'DropStmt')
  if (!/^OBJECT_(TRIGGER|POLICY|RULE)$/.test(drop?.removeType ?? '')) {
    return false
  }
  const lists = (drop?.objects ?? []).flatMap((object) => bodyOf<{ items?: Node[] }>(object, 'List') ?? [])
  return lists
    .map((list) => {
      const parts = nameParts(list.items)
      const table: RangeVar = {
        relname: parts.at(-2) ?? '',
        ...(parts.length > 2 ? { schemaname: parts.at(-3) ?? '' } : {}),
      }
      const isChanged = renameTable(table, unit, context)
      const names = [table.schemaname ?? '', table.relname ?? '', parts.at(-1) ?? '']
      list.items = isChanged ? names.map((sval): Node => ({ String: { sval } })) : (list.items ?? [])
      return isChanged
    })
    .some(Boolean)
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
  const then = live && column && findRenames(live, context)?.columns.get(column.name)
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
