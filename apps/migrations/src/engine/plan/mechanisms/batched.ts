/**
 * Statements that change rows. Many rows of a table that is in use are changed by ranges of its key, each range in a
 * short transaction of its own, so that nobody waits long for a row; what cannot be taken apart with the same result
 * stays one statement. Either way what is replaced is kept in schema `freehold`, and undo puts it back.
 */

import type { Relation } from '../../inspect/catalog.ts'
import { DeparseError } from '../../parse/deparse.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { patiently } from '../actions.ts'
import { type DataStatement, tablesOf, toDataStatement } from '../data/analyse-data-statement.ts'
import { closureOf, reachedTables } from '../data/closure.ts'
import { deleteRows } from '../data/delete-rows.ts'
import { findTarget, keysAt } from '../data/find-target.ts'
import { insertRows } from '../data/insert-rows.ts'
import { keptColumns, type Target, tableGoesWithUndo, toTarget } from '../data/kept-table.ts'
import { namesItsRows } from '../data/names-rows.ts'
import { triggerEffects } from '../data/trigger-effects.ts'
import type { RowEvent } from '../data/triggers.ts'
import { type Carried, updateAsOne, updateInRanges } from '../data/update-rows.ts'
import { aroundWholeTables } from '../data/whole-tables.ts'
import { whyWhole } from '../data/why-whole.ts'
import type { Draft, Mechanism, PlanContext, PlanningUnit } from '../draft.ts'
import type { NoAction } from '../step.ts'

export const batched: Mechanism = {
  name: 'batched',
  applies: (unit) => toDataStatement(unit.unit.node) !== undefined,
  steps(unit, context): Draft[] {
    const statement = toDataStatement(unit.unit.node) as DataStatement
    const found = findTarget(statement.target, unit, context)
    const { carried, reason } = carry(statement, found, unit, context)
    const draft: Draft = { phase: unit.phase, mechanism: 'batched', reason, ...carried, place: 'inOrder', cost: 'copy' }
    return [found === undefined ? draft : { ...draft, table: found.name }]
  },
}

interface Outcome {
  carried: Carried
  reason: string
}

function carry(
  statement: DataStatement,
  found: { name: RelationName; relation: Relation } | undefined,
  unit: PlanningUnit,
  context: PlanContext,
): Outcome {
  if (found === undefined) {
    return asWritten(unit, `${statement.target.relname} is not among the tables that are known`)
  }
  const { name, relation } = found
  const keys = keysAt(name, relation, unit, context)
  const key = keys.find((columns) => columns.every((column) => !statement.assigned.includes(column.name))) ?? keys[0]
  const target = toTarget(name, relation, key, unit, context)
  const effects = triggerEffects(reachedTables([target], unit, context), eventsOf(statement), unit, context)
  if (effects.opaque !== undefined) {
    return asWritten(unit, `trigger ${effects.opaque} runs SQL that its text does not tell`)
  }
  if (effects.tables.length > 0) {
    return keepingTables(unit, context, 'triggers change rows along with it', effects.tables)
  }
  try {
    const whole = context.isNew(name)
      ? 'the table is nobody’s yet'
      : namesItsRows(statement, keys)
        ? 'it names its rows by key'
        : whyWhole(statement, relation, target.key, unit, context)
    return whole === undefined
      ? inRanges(statement, target, unit, context)
      : asOne(statement, target, whole, unit, context)
  } catch (error) {
    if (!(error instanceof DeparseError)) {
      throw error
    }
    return keepingTables(unit, context, 'it cannot be taken apart', [])
  }
}

function eventsOf(statement: DataStatement): RowEvent[] {
  switch (statement.kind) {
    case 'UpdateStmt':
      return ['update']
    case 'DeleteStmt':
      return ['delete', 'update']
    case 'InsertStmt':
      return statement.assigned.length > 0 ? ['insert', 'update'] : ['insert']
    case 'MergeStmt':
      return ['insert', 'update', 'delete']
  }
}

function inRanges(statement: DataStatement, target: Target, unit: PlanningUnit, context: PlanContext): Outcome {
  const keyed = { ...target, key: target.key ?? [] }
  const names = keyed.key.map((column) => column.name).join(', ')
  const reason = `by ranges of ${names}, each in a short transaction of its own`
  if (statement.kind === 'UpdateStmt') {
    return { carried: updateInRanges(statement, keyed, keptColumns(statement, target, unit, context), unit), reason }
  }
  const closure = closureOf(target, unit, context)
  if (closure.obstacle !== undefined) {
    return keepingTables(unit, context, closure.obstacle, [])
  }
  return { carried: deleteRows(statement, target, closure, unit, 'inRanges'), reason }
}

function asOne(
  statement: DataStatement,
  target: Target,
  why: string,
  unit: PlanningUnit,
  context: PlanContext,
): Outcome {
  const reason = `one statement: ${why}`
  if (tableGoesWithUndo(target.name, unit, context) && tablesOf(unit.unit.node).writes.length === 1) {
    const undo: NoAction = { kind: 'none', reason: 'the rows go with their table' }
    return { carried: { do: patiently([unit.unit.sql], unit.settings), undo }, reason }
  }
  const carried = carryAsOne(statement, target, unit, context)
  return carried === undefined ? keepingTables(unit, context, why, []) : { carried, reason }
}

/** Returns undefined where the statement does not tell by key which rows it changes. */
function carryAsOne(
  statement: DataStatement,
  target: Target,
  unit: PlanningUnit,
  context: PlanContext,
): Carried | undefined {
  const { key } = target
  const isAlone = tablesOf(statement.node).writes.length === 1 && target.relation.rules.length === 0
  if (!isAlone || statement.kind === 'MergeStmt') {
    return undefined
  }
  if (statement.kind === 'DeleteStmt') {
    const closure = closureOf(target, unit, context)
    return closure.obstacle === undefined ? deleteRows(statement, target, closure, unit, 'asOne') : undefined
  }
  const changesKey = key?.some((column) => statement.assigned.includes(column.name)) ?? false
  if (key === undefined || changesKey) {
    return undefined
  }
  const keyed = { ...target, key }
  const columns = keptColumns(statement, target, unit, context)
  return statement.kind === 'UpdateStmt'
    ? updateAsOne(statement, keyed, columns, unit)
    : insertRows(statement, keyed, statement.assigned.length === 0 ? [] : columns, unit)
}

/** All tables that may change are copied before and compared after. */
function keepingTables(unit: PlanningUnit, context: PlanContext, why: string, more: Relation[]): Outcome {
  const written = tablesOf(unit.unit.node).writes.map((table) => ({
    table: table.relname,
    found: findTarget(table, unit, context),
  }))
  const also = more.map((relation) => ({ table: relation.name, found: { name: relation, relation } }))
  const targets: Target[] = []
  for (const { table, found } of [...written, ...also]) {
    if (found === undefined || (found.relation.kind !== 'table' && found.relation.kind !== 'partitionedTable')) {
      return asWritten(unit, `what it replaces in ${table} cannot be kept`)
    }
    const name = { schema: found.name.schema, name: found.name.name }
    const isKnown = targets.some((target) => target.relation === found.relation)
    if (!isKnown && !tableGoesWithUndo(name, unit, context)) {
      targets.push(toTarget(name, found.relation, keysAt(name, found.relation, unit, context)[0], unit, context))
    }
  }
  const carried = aroundWholeTables(reachedTables(targets, unit, context), unit)
  return { carried, reason: `one statement: ${why}` }
}

function asWritten(unit: PlanningUnit, why: string): Outcome {
  const undo: NoAction = { kind: 'none', reason: why, stays: true }
  return {
    carried: { do: patiently([unit.unit.sql], unit.settings), undo },
    reason: `one statement, as written: ${why}`,
  }
}
