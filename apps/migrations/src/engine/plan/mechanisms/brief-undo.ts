/** How a statement that ran as written is taken back. */

import { quoteIdentifier, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Node } from '@pgsql/types'
import type { Column, Constraint } from '../../inspect/catalog.ts'
import { persistedTable } from '../../parse/persist-temporary.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, inTransaction, nothing } from '../actions.ts'
import { findLiveColumn, isSameName } from '../bridges/trace-names.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import { strongLocks } from '../seen.ts'
import { isDataStatement, isOpaque } from '../statement-kinds.ts'
import type { Action } from '../step.ts'
import { alterCommand, bodyOf, kindOf } from '../syntax.ts'
import { notNullSteps } from './validated.ts'

/** The undo of the step itself, and steps before it that do nothing but have an undo: they are taken back after it. */
export interface Undo {
  before: Draft[]
  undo: Action
}

/** Returns how the unit is taken back, from its own words where they say it, else from what the rehearsal saw change. */
export function undoOf(unit: PlanningUnit, context: PlanContext): Undo {
  const { node } = unit.unit
  const stand = persistedTable(node)
  if (stand !== undefined) {
    return only(inTransaction([`DROP TABLE IF EXISTS ${quoteQualified('freehold', stand)}`]))
  }
  const alter = alterCommand(node)
  if (alter !== undefined && alter.objectType === 'OBJECT_TABLE') {
    return undoOfCommand(unit, alter.command, context.resolve(alter.relation), context)
  }
  if (makesTable(node)) {
    return only(dropCreated(unit))
  }
  switch (kindOf(node)) {
    case 'IndexStmt':
      return only(dropCreated(unit))
    case 'CreateEnumStmt':
      return only(dropEnum(node, context))
    case 'AlterEnumStmt':
      return only({ kind: 'none', reason: 'Postgres cannot remove an enum value: it stays, unused', stays: true })
    default:
      return only(isDataStatement(node) ? nothing : undoOfOther(unit))
  }
}

function undoOfOther(unit: PlanningUnit): Action {
  return isOpaque(unit.unit.node) && unit.observation.changes?.data === true
    ? { kind: 'none', reason: 'the rows that code wrote stay as they are', stays: true }
    : revertSeen(unit)
}

function only(undo: Action): Undo {
  return { before: [], undo }
}

/** Returns the action that reverts the difference of the catalogs that the rehearsal saw. */
export function revertSeen(unit: PlanningUnit): Action {
  const { revert, locks } = unit.observation
  if (revert === null || (revert.sql.length === 0 && revert.cannot.length === 0)) {
    return nothing
  }
  if (revert.cannot.length > 0) {
    return { kind: 'none', reason: revert.cannot.join('; '), stays: true }
  }
  return inTransaction(revert.sql, strongLocks(locks))
}

function makesTable(node: Node): boolean {
  const isInto = bodyOf<{ intoClause?: Node }>(node, 'SelectStmt')?.intoClause !== undefined
  const isAs = bodyOf<{ objtype?: string }>(node, 'CreateTableAsStmt')?.objtype === 'OBJECT_TABLE'
  return isInto || isAs || kindOf(node) === 'CreateStmt'
}

/** IF EXISTS, for a later statement of the plan may have dropped it again. */
function dropCreated(unit: PlanningUnit): Action {
  const { createdRelations, createdIndexes } = unit.observation
  const isTable = makesTable(unit.unit.node)
  const names = isTable ? createdRelations : createdIndexes.map(({ schema, name }) => ({ schema, name }))
  const [first] = names
  if (first === undefined) {
    return nothing
  }
  const created = bodyOf<{ relation?: { relname?: string } }>(unit.unit.node, 'CreateStmt')?.relation?.relname
  const target = names.find((name) => name.name === created) ?? first
  return inTransaction(
    [`DROP ${isTable ? 'TABLE' : 'INDEX'} IF EXISTS ${quoteQualified(target.schema, target.name)}`],
    strongLocks(unit.observation.locks),
  )
}

function dropEnum(node: Node, context: PlanContext): Action {
  const parts = (bodyOf<{ typeName?: Node[] }>(node, 'CreateEnumStmt')?.typeName ?? []).map(
    (part) => bodyOf<{ sval?: string }>(part, 'String')?.sval ?? '',
  )
  const name = parts.at(-1) ?? ''
  return inTransaction([
    `DROP TYPE IF EXISTS ${quoteQualified(parts.length > 1 ? (parts.at(-2) as string) : context.schema, name)}`,
  ])
}

interface Command {
  subtype?: string | undefined
  name?: string | undefined
  def?: Node | undefined
}

function undoOfCommand(unit: PlanningUnit, command: Command, table: RelationName, context: PlanContext): Undo {
  if (context.findRelation(table) === undefined && !context.isNew(table)) {
    // IF EXISTS that found nothing.
    return only(nothing)
  }
  const locks = strongLocks(unit.observation.locks)
  const alter = (text: string): Action => inTransaction([alterTable(table, text)], locks)
  const column = findLiveColumn(table, command.name ?? '', unit.order, context)
  switch (command.subtype) {
    case 'AT_AddColumn': {
      const name = bodyOf<{ colname?: string }>(command.def, 'ColumnDef')?.colname ?? ''
      const exists = context.findRelation(table)?.columns.some((one) => one.name === name) === true
      const existed = exists && !isDroppedBefore(unit, table, name, context)
      return only(existed && !context.isNew(table) ? nothing : alter(`DROP COLUMN IF EXISTS ${quoteIdentifier(name)}`))
    }
    case 'AT_AddConstraint':
      return only(dropConstraints(unit, table, locks))
    case 'AT_DropConstraint':
      return undoOfDropConstraint(unit, table, command.name ?? '', context)
    case 'AT_DropNotNull':
      return column?.notNull === true && !context.isNew(table)
        ? undoByDrafts(unit, table, column, context)
        : only(nothing)
    case 'AT_ColumnDefault':
      return only(
        column === undefined ? nothing : alter(`ALTER COLUMN ${quoteIdentifier(column.name)} ${defaultOf(column)}`),
      )
    case 'AT_SetNotNull':
      return only(
        context.isNew(table) ? nothing : alter(`ALTER COLUMN ${quoteIdentifier(command.name ?? '')} DROP NOT NULL`),
      )
    case 'AT_ValidateConstraint':
      return only(nothing)
    case 'AT_AlterColumnType':
      return only(column === undefined ? nothing : typeBack(alter, column))
    default:
      return only(context.isNew(table) ? nothing : revertSeen(unit))
  }
}

function isDroppedBefore(unit: PlanningUnit, table: RelationName, column: string, context: PlanContext): boolean {
  return context.units.some((earlier) => {
    const alter = earlier.order < unit.order ? alterCommand(earlier.unit.node) : undefined
    const isDrop = alter?.command.subtype === 'AT_DropColumn' && alter.command.name === column
    return isDrop && isSameName(context.resolve(alter.relation), table)
  })
}

function typeBack(alter: (text: string) => Action, column: Column): Action {
  const collation = column.collation === null ? '' : ` COLLATE ${column.collation}`
  const name = quoteIdentifier(column.name)
  return alter(`ALTER COLUMN ${name} TYPE ${column.type}${collation} USING ${name}::${column.type}`)
}

function defaultOf(column: Column): string {
  return column.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${column.default}`
}

function dropConstraints(unit: PlanningUnit, table: RelationName, locks: PlanningUnit['observation']['locks']): Action {
  const drops = unit.observation.createdConstraints
    .filter((one) => one.schema === table.schema && one.table === table.name && one.type !== 'n')
    .map((one) => alterTable(table, `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(one.name)}`))
  return drops.length === 0 ? nothing : inTransaction(drops, locks)
}

/** A constraint comes back NOT VALID, and is validated by the undo of a step that stands before. */
function undoOfDropConstraint(unit: PlanningUnit, table: RelationName, name: string, context: PlanContext): Undo {
  const relation = context.catalog.relations.find((one) => one.schema === table.schema && one.name === table.name)
  const constraint = relation?.constraints.find((one) => one.name === name)
  if (constraint === undefined) {
    return only(nothing)
  }
  const locks = strongLocks(unit.observation.locks)
  if (constraint.kind !== 'foreignKey' && constraint.kind !== 'check') {
    return only({
      kind: 'none',
      reason: `the index of ${name} would be built under ACCESS EXCLUSIVE`,
      stays: true,
    })
  }
  return {
    before: constraint.validated ? [validatedAgain(unit, table, constraint)] : [],
    undo: inTransaction(
      [
        alterTable(table, `ADD CONSTRAINT ${quoteIdentifier(name)} ${notValid(constraint)}`),
        ...commentOf(table, constraint),
      ],
      locks,
    ),
  }
}

/** Returns the definition with which the constraint comes back without a scan. */
export function notValid(constraint: Constraint): string {
  return constraint.validated ? `${constraint.definition} NOT VALID` : constraint.definition
}

/** Returns the statement that gives a constraint made again its comment. */
export function commentOf(table: RelationName, constraint: Constraint): string[] {
  return constraint.comment === null
    ? []
    : [
        `COMMENT ON CONSTRAINT ${quoteIdentifier(constraint.name)} ON ${quoteQualified(table.schema, table.name)} IS ${quoteLiteral(constraint.comment)}`,
      ]
}

function validatedAgain(unit: PlanningUnit, table: RelationName, constraint: Constraint): Draft {
  return {
    phase: unit.phase,
    mechanism: 'brief',
    reason: 'does nothing now; taking the run back ends with this validation',
    do: nothing,
    undo: {
      kind: 'transaction',
      sql: [alterTable(table, `VALIDATE CONSTRAINT ${quoteIdentifier(constraint.name)}`)],
      locks: [],
      patience: 'patient',
      settings: {},
    },
    place: 'inOrder',
    table,
    cost: 'scan',
  }
}

/** NOT NULL comes back by the steps that make it, each as the undo of a step that does nothing, last one first. */
function undoByDrafts(unit: PlanningUnit, table: RelationName, column: Column, context: PlanContext): Undo {
  const relation = context.findRelation(table)
  const constraint = relation?.constraints.find((one) => one.kind === 'notNull' && one.columns[0] === column.name)
  const steps = notNullSteps(table, column.name, constraint?.name, unit.phase, context)
  const [first, ...rest] = steps
  return {
    before: rest.reverse().map(
      (step): Draft => ({
        ...step,
        mechanism: 'brief',
        reason:
          'does nothing now; taking the run back makes the column NOT NULL again without a scan under a strong lock',
        do: nothing,
        undo: step.do,
      }),
    ),
    undo: first?.do ?? nothing,
  }
}
