/** ADD COLUMN taken apart: the column by a short catalog change, its constraints each by their own steps. */

import { quoteIdentifier, quoteQualified } from '@freehold/postgres'
import type { ColumnDef, Node } from '@pgsql/types'
import { deparse } from '../../parse/deparse.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { alterTable, inTransaction, lockOn, nothing } from '../actions.ts'
import { boundaryQuery, rangeConditions, rangeSettings } from '../data/key-range.ts'
import { keyOf } from '../data/table-key.ts'
import type { Draft, DraftRefusal, PlanContext, PlanningUnit } from '../draft.ts'
import { laterPhase } from '../order-steps.ts'
import { isDataStatement, isOpaque } from '../statement-kinds.ts'
import { alterCommand, bodyOf } from '../syntax.ts'
import { namesOf } from '../unit-conflicts.ts'
import { nullsCheck } from './checks.ts'
import { constraintSteps, notNullSteps } from './validated.ts'

/** Tells whether the column brings along what a short catalog change cannot do. */
export function needsParts(unit: PlanningUnit): boolean {
  if (isRewritten(unit)) {
    return false
  }
  const column = columnOf(unit)
  if (column === undefined) {
    return false
  }
  const heavy = unit.observation.createdConstraints.some((constraint) => constraint.type !== 'n')
  return heavy || isRequired(column) || fill(unit) !== undefined
}

function isRewritten(unit: PlanningUnit): boolean {
  return unit.observation.rewrites.length > 0
}

function columnOf(unit: PlanningUnit): ColumnDef | undefined {
  return bodyOf<ColumnDef>(alterCommand(unit.unit.node)?.command.def, 'ColumnDef')
}

function constraintTypes(column: ColumnDef): string[] {
  return (column.constraints ?? []).map((node) => bodyOf<{ contype?: string }>(node, 'Constraint')?.contype ?? '')
}

/** NOT NULL and nothing that fills it: the old version's INSERT would fail from then on. */
function isRequired(column: ColumnDef): boolean {
  const types = constraintTypes(column)
  const filled = ['CONSTR_DEFAULT', 'CONSTR_GENERATED', 'CONSTR_IDENTITY'].some((type) => types.includes(type))
  return (types.includes('CONSTR_NOTNULL') || types.includes('CONSTR_PRIMARY')) && !filled
}

function fill(unit: PlanningUnit): string | undefined {
  return unit.statement.directives.up
}

/** Returns the steps for a column that `needsParts`. */
export function addColumn(unit: PlanningUnit, table: RelationName, context: PlanContext): Draft[] | DraftRefusal {
  const column = columnOf(unit) as ColumnDef
  const name = column.colname as string
  const required = isRequired(column)
  if (required && fill(unit) === undefined && holdsRows(unit, table, context)) {
    return {
      why: 'plain',
      sqlstate: '23502',
      reason: `column ${name} of ${table.name} would hold NULL in the rows that are there; say what they get by -- freehold: up=<expression>, or give it a default`,
      table,
    }
  }
  const others = constraintSteps(unit, unit.observation.createdConstraints, context)
  if (!Array.isArray(others)) {
    return others
  }
  const drafts = [
    addBare(unit, table, column, required, others.length > 0),
    ...fillRows(unit, table, name, context),
    ...others,
  ]
  if (required) {
    const constraint = unit.observation.createdConstraints.find(
      (one) => one.type === 'n' && one.columns[0] === name,
    )?.name
    const late: PlanningUnit = { ...unit, phase: laterPhase(unit.phase, 'contract') }
    drafts.push(
      ...fillRows(late, table, name, context),
      ...nullsCheck(late, table, name, context).map(
        (draft): Draft => (unit.phase === 'contract' ? draft : { ...draft, place: 'check' }),
      ),
      ...notNullSteps(table, name, constraint, late.phase, context),
    )
  }
  return drafts
}

/** Tells whether there will be rows; a statement before that changes the table's rows may leave none. */
function holdsRows(unit: PlanningUnit, table: RelationName, context: PlanContext): boolean {
  const isEmptied = context.units.some(
    (earlier) =>
      earlier.order < unit.order &&
      (isDataStatement(earlier.unit.node) || isOpaque(earlier.unit.node)) &&
      namesOf(earlier.unit.node).words.has(table.name),
  )
  return !isEmptied && context.sizeOf(table)?.hasRows !== false
}

function addBare(
  unit: PlanningUnit,
  table: RelationName,
  column: ColumnDef,
  required: boolean,
  hasOthers: boolean,
): Draft {
  const keep = (node: Node): boolean => {
    const type = bodyOf<{ contype?: string }>(node, 'Constraint')?.contype ?? ''
    return type === 'CONSTR_DEFAULT' || type === 'CONSTR_GENERATED' || (type === 'CONSTR_NOTNULL' && !required)
  }
  const kept = (column.constraints ?? []).filter(keep)
  const { constraints: _, ...plain } = column
  const bare: ColumnDef = kept.length === 0 ? plain : { ...plain, constraints: kept }
  const statement = bodyOf<{ cmds: Node[]; relation: object }>(unit.unit.node, 'AlterTableStmt')
  const command = alterCommand(unit.unit.node)?.command
  const node = {
    AlterTableStmt: { ...statement, cmds: [{ AlterTableCmd: { ...command, def: { ColumnDef: bare } } }] },
  } as unknown as Node
  const reason = required
    ? 'NOT NULL would fail the old version’s INSERTs: the column comes nullable, and NOT NULL in the contract phase'
    : hasOthers
      ? 'the column comes by a catalog change alone; what would read the table follows in steps of its own'
      : 'a catalog change alone'
  return {
    phase: unit.phase,
    mechanism: 'validated',
    reason,
    do: inTransaction([deparse(node)], [lockOn(table)], unit.settings),
    undo: inTransaction(
      [alterTable(table, `DROP COLUMN IF EXISTS ${quoteIdentifier(column.colname as string)}`)],
      [lockOn(table)],
    ),
    place: 'inOrder',
    table,
    cost: 'catalog',
  }
}

/** Gives rows that have no value yet what `up=` says, by key in batches. */
function fillRows(unit: PlanningUnit, table: RelationName, column: string, context: PlanContext): Draft[] {
  const up = fill(unit)
  const relation = context.findRelation(table)
  const key = relation === undefined ? undefined : keyOf(relation)
  if (up === undefined) {
    return []
  }
  const name = quoteIdentifier(column)
  const target = quoteQualified(table.schema, table.name)
  const phase = laterPhase(unit.phase, 'backfill')
  const common = { phase, mechanism: 'batched', undo: nothing, place: 'inOrder', table, cost: 'copy' } as const
  if (key === undefined) {
    const reason = 'the table has no key to batch by: one statement fills the column, holding row locks only'
    const sql = `UPDATE ${target} SET ${name} = (${up}) WHERE ${name} IS NULL`
    return [
      {
        ...common,
        reason,
        do: { kind: 'transaction', sql: [sql], locks: [], patience: 'patient', settings: unit.settings },
      },
    ]
  }
  const { behind, upTo } = rangeConditions(key, table.name)
  return [
    {
      ...common,
      reason: 'the rows that are there get their value by key, in batches',
      do: {
        kind: 'batch',
        schema: table.schema,
        table: table.name,
        key,
        boundary: boundaryQuery(target, key),
        sql: [`UPDATE ${target} SET ${name} = (${up}) WHERE ${behind} AND ${upTo} AND ${name} IS NULL`],
        before: [],
        after: [],
        settings: { ...rangeSettings, ...unit.settings },
      },
    },
  ]
}
