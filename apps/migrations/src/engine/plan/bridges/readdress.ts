/** Says statements again with the names that their tables and columns have when they run. */
import type { Node } from '@pgsql/types'
import { DeparseError, deparse } from '../../parse/deparse.ts'
import { parseOne } from '../../parse/parser.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import type { Action } from '../step.ts'
import { type NamesThen, namesThen } from './names-then.ts'
import { renameInTree } from './rename-in-tree.ts'

/**
 * Returns the unit's SQL for its phase. Renames are carried out at the start of the contract phase, so what stood
 * before one of them and waits for that phase has to use the names that it gives.
 */
export function sqlInPhase(unit: PlanningUnit, context: PlanContext): string {
  const then = namesThen(unit, { phase: unit.phase, beforeRenames: false }, context)
  return renamed(unit.unit.node, then, context) ?? unit.unit.sql
}

/** Returns further SQL of the unit, written with the names that it uses itself, for its phase. */
export function revertSqlInPhase(sql: string[], unit: PlanningUnit, context: PlanContext): string[] {
  const then = namesThen(unit, { phase: unit.phase, beforeRenames: false }, context)
  return sql.map((text) => renamedText(text, then, context))
}

/** Returns the draft, written with the names that its unit uses, for the moment at which it runs. */
export function draftInPhase(draft: Draft, unit: PlanningUnit, context: PlanContext): Draft {
  // Checks come before the renames; what was given another name before the window has it already.
  const moment = { phase: draft.phase, beforeRenames: draft.place === 'check' }
  const then = namesThen(unit, moment, context)
  if (!then.isAny) {
    return draft
  }
  return { ...draft, do: actionThen(draft.do, then, context), undo: actionThen(draft.undo, then, context) }
}

function actionThen(action: Action, then: NamesThen, context: PlanContext): Action {
  const all = (sql: string[]): string[] => sql.map((text) => renamedText(text, then, context))
  switch (action.kind) {
    case 'transaction':
      return {
        ...action,
        sql: all(action.sql),
        locks: action.locks.map((lock) => ({ ...lock, ...then.relation({ schema: lock.schema, name: lock.name }) })),
      }
    case 'concurrent':
      return { ...action, sql: renamedText(action.sql, then, context), cleanup: all(action.cleanup) }
    case 'check':
      return {
        ...action,
        examples: renamedText(action.examples, then, context),
        count: renamedText(action.count, then, context),
      }
    case 'batch': {
      const { schema, name: table } = then.relation({ schema: action.schema, name: action.table })
      const key = action.key.map((column) => ({
        ...column,
        name: then.column({ schema: action.schema, name: action.table }, column.name),
      }))
      return {
        ...action,
        schema,
        table,
        key,
        boundary: renamedText(action.boundary, then, context),
        sql: all(action.sql),
        before: all(action.before),
        after: all(action.after),
      }
    }
    // Its statements are written for their phase already.
    case 'twin':
    case 'none':
      return action
  }
}

function renamedText(text: string, then: NamesThen, context: PlanContext): string {
  if (!then.isAny) {
    return text
  }
  const node = parseOne(text)
  return (node && renamed(node, then, context)) ?? text
}

/** Returns undefined where no name has changed, or where the statement cannot be written from its tree. */
function renamed(original: Node, then: NamesThen, context: PlanContext): string | undefined {
  if (!then.isAny) {
    return undefined
  }
  const node = structuredClone(original)
  if (!renameInTree(node, then, context)) {
    return undefined
  }
  try {
    return deparse(node)
  } catch (error) {
    if (error instanceof DeparseError) {
      return undefined
    }
    throw error
  }
}
