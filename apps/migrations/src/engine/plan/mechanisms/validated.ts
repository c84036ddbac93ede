/**
 * Constraints in two steps: NOT VALID under a short lock, then VALIDATE, which reads the table while everybody goes on.
 * UNIQUE and PRIMARY KEY stand on an index that is built CONCURRENTLY first.
 */
import { quoteIdentifier, shortenIdentifier } from '@freehold/postgres'
import type { CreatedConstraint, CreatedIndex, RelationName } from '../../rehearse/observation.ts'
import { alterTable, inTransaction, lockOn, nothing, patiently } from '../actions.ts'
import { findLiveRelation } from '../bridges/trace-names.ts'
import type { Draft, DraftRefusal, Mechanism, PlanContext, PlanningUnit } from '../draft.ts'
import { isHeavy, seenOnLiveTables } from '../seen.ts'
import type { Phase } from '../step.ts'
import { alterCommand, bodyOf } from '../syntax.ts'
import { addColumn, needsParts } from './add-column.ts'
import { commentOf, notValid } from './brief-undo.ts'
import { duplicatesCheck, falseRowsCheck, foreignKeyOf, nullsCheck, orphansCheck } from './checks.ts'
import { buildIndex } from './concurrent.ts'

export const validated: Mechanism = {
  name: 'validated',
  applies(unit, context) {
    const alter = alterCommand(unit.unit.node)
    if (alter === undefined || alter.objectType !== 'OBJECT_TABLE') {
      return false
    }
    // A foreign key of a new table may read its parent, under a lock that the parent's writers meet.
    if (context.isNew(context.resolve(alter.relation)) && !isHeavy(seenOnLiveTables(unit, context))) {
      return false
    }
    switch (alter.command.subtype) {
      case 'AT_AddConstraint':
        return unit.observation.createdConstraints.length > 0 && !isNotValidAlready(unit) && !usesIndex(unit)
      case 'AT_SetNotNull':
        return true
      case 'AT_AddColumn':
        return needsParts(unit)
      case 'AT_ValidateConstraint':
        return true
      default:
        return false
    }
  },
  steps(unit, context) {
    const alter = alterCommand(unit.unit.node)
    const table = context.resolve(alter?.relation ?? {})
    switch (alter?.command.subtype) {
      case 'AT_SetNotNull':
        return setNotNull(unit, table, alter.command.name as string, context)
      case 'AT_AddColumn':
        return addColumn(unit, table, context)
      case 'AT_ValidateConstraint':
        return [validateAsAsked(unit, table, alter.command.name as string, context)]
      default:
        return constraintSteps(unit, unit.observation.createdConstraints, context)
    }
  },
}

/** What was not validated before is so again after undo, where the plan did not make it. */
function validateAsAsked(unit: PlanningUnit, table: RelationName, name: string, context: PlanContext): Draft {
  const draft = validate(table, name, unit.phase)
  const live = findLiveRelation(table, unit.order, context)
  const constraint = live?.constraints.find((one) => one.name === name)
  const isDropped = context.units.some(
    (earlier) =>
      earlier.order < unit.order &&
      alterCommand(earlier.unit.node)?.command.subtype === 'AT_DropConstraint' &&
      alterCommand(earlier.unit.node)?.command.name === name,
  )
  if (constraint === undefined || constraint.validated || isDropped) {
    return draft
  }
  const quoted = quoteIdentifier(name)
  const parent = constraint.references
  const locks = [table, ...(parent === null ? [] : [{ schema: parent.schema, name: parent.table }])]
  const back = [
    alterTable(table, `DROP CONSTRAINT IF EXISTS ${quoted}`),
    alterTable(table, `ADD CONSTRAINT ${quoted} ${notValid(constraint)}`),
    ...commentOf(table, constraint),
  ]
  return {
    ...draft,
    undo: inTransaction(
      back,
      locks.map((one) => lockOn(one)),
    ),
  }
}

function isNotValidAlready(unit: PlanningUnit): boolean {
  const constraint = bodyOf<{ skip_validation?: boolean }>(alterCommand(unit.unit.node)?.command.def, 'Constraint')
  return constraint?.skip_validation === true
}

function usesIndex(unit: PlanningUnit): boolean {
  const constraint = bodyOf<{ indexname?: string }>(alterCommand(unit.unit.node)?.command.def, 'Constraint')
  return constraint?.indexname !== undefined
}

/** Returns the steps for constraints that a unit made on tables that exist. */
export function constraintSteps(
  unit: PlanningUnit,
  constraints: CreatedConstraint[],
  context: PlanContext,
): Draft[] | DraftRefusal {
  const drafts: Draft[] = []
  // NOT VALID and VALIDATE pass from a partitioned table to its partitions.
  const own = constraints.filter((constraint) => !constraint.inherited)
  for (const constraint of own) {
    const table = { schema: constraint.schema, name: constraint.table }
    switch (constraint.type) {
      case 'f':
        if (context.serverMajor < 18 && context.findRelation(table)?.kind === 'partitionedTable') {
          const reason = 'a foreign key of a partitioned table has no NOT VALID form before PostgreSQL 18'
          return { why: 'twin', reason, table }
        }
        drafts.push(...foreignKey(unit, constraint, table, context))
        break
      case 'c':
        drafts.push(...falseRowsCheck(unit, constraint, context), ...notValidThenValidate(unit, constraint, table))
        break
      case 'n':
        // A primary key brings NOT NULL along; its own steps see to it.
        break
      case 'p':
      case 'u': {
        const index = unit.observation.createdIndexes.find(
          (one) => one.schema === constraint.schema && one.name === constraint.name,
        )
        if (index === undefined) {
          return { why: 'twin', reason: `the index of ${constraint.name} was not seen in the rehearsal`, table }
        }
        if (context.findRelation(table)?.kind === 'partitionedTable') {
          const reason =
            'a key of a partitioned table cannot stand on an index that was built before: create a unique index, which is built partition by partition'
          return { why: 'twin', reason, table }
        }
        drafts.push(...keyOnIndex(unit, constraint, index, table, constraints, context))
        break
      }
      default:
        return {
          why: 'twin',
          reason: `an EXCLUDE constraint has no online form: its index is built under ACCESS EXCLUSIVE`,
          table,
        }
    }
  }
  return drafts
}

function foreignKey(
  unit: PlanningUnit,
  constraint: CreatedConstraint,
  table: RelationName,
  context: PlanContext,
): Draft[] {
  const parent = foreignKeyOf(constraint)?.parent
  return [
    ...orphansCheck(unit, constraint, context),
    ...notValidThenValidate(unit, constraint, table, parent === undefined ? [] : [parent]),
  ]
}

function notValidThenValidate(
  unit: PlanningUnit,
  constraint: CreatedConstraint,
  table: RelationName,
  parents: RelationName[] = [],
): Draft[] {
  const name = quoteIdentifier(constraint.name)
  const mode = constraint.type === 'f' ? 'ShareRowExclusiveLock' : 'AccessExclusiveLock'
  const others = parents.filter((parent) => parent.schema !== table.schema || parent.name !== table.name)
  const locks = [lockOn(table, mode), ...others.map((parent) => lockOn(parent, mode))]
  const dropLocks = [lockOn(table), ...others.map((parent) => lockOn(parent))]
  return [
    {
      phase: unit.phase,
      mechanism: 'validated',
      reason: `ADD CONSTRAINT would read ${table.name} in full under ${mode === 'ShareRowExclusiveLock' ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'}; NOT VALID reads nothing`,
      do: inTransaction([alterTable(table, `ADD CONSTRAINT ${name} ${constraint.definition} NOT VALID`)], locks),
      undo: inTransaction([alterTable(table, `DROP CONSTRAINT IF EXISTS ${name}`)], dropLocks),
      place: 'inOrder',
      table,
      cost: 'catalog',
    },
    validate(table, constraint.name, unit.phase),
  ]
}

/** Returns the draft that checks the rows of a NOT VALID constraint while everybody goes on. */
export function validate(table: RelationName, constraint: string, phase: Phase, sqlstates?: [string, string][]): Draft {
  const action = patiently([alterTable(table, `VALIDATE CONSTRAINT ${quoteIdentifier(constraint)}`)])
  return {
    phase,
    mechanism: 'validated',
    reason: `VALIDATE reads ${table.name} under SHARE UPDATE EXCLUSIVE, which stops neither readers nor writers`,
    do: sqlstates === undefined ? action : { ...action, sqlstates },
    undo: nothing,
    place: 'inOrder',
    table,
    cost: 'scan',
  }
}

function keyOnIndex(
  unit: PlanningUnit,
  constraint: CreatedConstraint,
  index: CreatedIndex,
  table: RelationName,
  all: CreatedConstraint[],
  context: PlanContext,
): Draft[] {
  const phase = unit.phase
  const notNull =
    constraint.type === 'p'
      ? constraint.columns.flatMap((column) => notNullForKey(unit, table, column, all, context))
      : []
  const name = quoteIdentifier(constraint.name)
  const word = constraint.type === 'p' ? 'PRIMARY KEY' : 'UNIQUE'
  const add = `ADD CONSTRAINT ${name} ${word} USING INDEX ${name}${deferral(constraint)}`
  return [
    ...duplicatesCheck(unit, index, context),
    buildIndex(
      index,
      phase,
      `${word} would build its index under ACCESS EXCLUSIVE; built CONCURRENTLY it blocks nobody`,
    ),
    ...notNull,
    {
      phase,
      mechanism: 'concurrent',
      reason: `the index is there, so that the constraint is a change of the catalog alone`,
      do: inTransaction([alterTable(table, add)], [lockOn(table)]),
      undo: inTransaction([alterTable(table, `DROP CONSTRAINT IF EXISTS ${name}`)], [lockOn(table)]),
      place: 'inOrder',
      table,
      cost: 'catalog',
    },
  ]
}

function deferral(constraint: CreatedConstraint): string {
  return `${constraint.deferrable ? ' DEFERRABLE' : ''}${constraint.deferred ? ' INITIALLY DEFERRED' : ''}`
}

function notNullForKey(
  unit: PlanningUnit,
  table: RelationName,
  column: string,
  all: CreatedConstraint[],
  context: PlanContext,
): Draft[] {
  if (isNotNull(table, column, context)) {
    return []
  }
  const name = all.find((one) => one.type === 'n' && one.columns[0] === column)?.name
  return [...nullsCheck(unit, table, column, context), ...notNullSteps(table, column, name, unit.phase, context)]
}

/** Tells whether the column is NOT NULL by now, from the catalog and from what the plan did before. */
function isNotNull(table: RelationName, column: string, context: PlanContext): boolean {
  return context.findRelation(table)?.columns.find((one) => one.name === column)?.notNull ?? false
}

function setNotNull(unit: PlanningUnit, table: RelationName, column: string, context: PlanContext): Draft[] {
  if (
    isNotNull(table, column, context) &&
    unit.observation.scans.length === 0 &&
    unit.observation.createdConstraints.length === 0
  ) {
    return []
  }
  const name = unit.observation.createdConstraints.find((one) => one.type === 'n')?.name
  return [...nullsCheck(unit, table, column, context), ...notNullSteps(table, column, name, unit.phase, context)]
}

/** Returns the steps that make a column NOT NULL without reading the table under a strong lock. */
export function notNullSteps(
  table: RelationName,
  column: string,
  constraintName: string | undefined,
  phase: Phase,
  context: PlanContext,
): Draft[] {
  return context.serverMajor >= 18 && constraintName !== undefined
    ? nativeNotNull(table, column, constraintName, phase)
    : notNullByCheck(table, column, phase)
}

const nullFirst: [string, string][] = [['23514', '23502']]

function nativeNotNull(table: RelationName, column: string, constraintName: string, phase: Phase): Draft[] {
  const name = quoteIdentifier(constraintName)
  return [
    {
      phase,
      mechanism: 'validated',
      reason: `SET NOT NULL would read ${table.name} in full under ACCESS EXCLUSIVE; NOT VALID reads nothing`,
      do: inTransaction(
        [alterTable(table, `ADD CONSTRAINT ${name} NOT NULL ${quoteIdentifier(column)} NOT VALID`)],
        [lockOn(table)],
      ),
      undo: inTransaction(
        [alterTable(table, `ALTER COLUMN ${quoteIdentifier(column)} DROP NOT NULL`)],
        [lockOn(table)],
      ),
      place: 'inOrder',
      table,
      cost: 'catalog',
    },
    validate(table, constraintName, phase),
  ]
}

// SET NOT NULL skips its scan when a valid CHECK (c IS NOT NULL) exists (PostgreSQL 12+, tablecmds.c).
function notNullByCheck(table: RelationName, column: string, phase: Phase): Draft[] {
  const name = shortenIdentifier(`freehold_${table.name}_${column}_not_null`)
  const quoted = quoteIdentifier(column)
  const drop = `DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`
  return [
    {
      phase,
      mechanism: 'validated',
      reason: `SET NOT NULL would read ${table.name} in full under ACCESS EXCLUSIVE; a CHECK that is NOT VALID reads nothing`,
      do: inTransaction(
        [alterTable(table, `ADD CONSTRAINT ${quoteIdentifier(name)} CHECK (${quoted} IS NOT NULL) NOT VALID`)],
        [lockOn(table)],
      ),
      undo: inTransaction([alterTable(table, drop)], [lockOn(table)]),
      place: 'inOrder',
      table,
      cost: 'catalog',
    },
    validate(table, name, phase, nullFirst),
    {
      phase,
      mechanism: 'validated',
      reason: 'a valid CHECK proves the column, so that SET NOT NULL reads nothing',
      do: inTransaction(
        [alterTable(table, `ALTER COLUMN ${quoted} SET NOT NULL`), alterTable(table, drop)],
        [lockOn(table)],
      ),
      undo: inTransaction([alterTable(table, `ALTER COLUMN ${quoted} DROP NOT NULL`)], [lockOn(table)]),
      place: 'inOrder',
      table,
      cost: 'catalog',
    },
  ]
}
