/** Tables in schema `freehold` that hold rows as they were, so that a data statement can be taken back. */
import { quoteIdentifier, shortenIdentifier } from '@freehold/postgres'
import type { Relation } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { sqlName } from '../actions.ts'
import type { PlanContext, PlanningUnit } from '../draft.ts'
import { alterCommand, bodyOf } from '../syntax.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import type { KeyColumn } from './table-key.ts'
import { type ActiveTrigger, activeTriggers } from './triggers.ts'

/** All that is known of the table that a data statement changes. */
export interface Target {
  name: RelationName
  /** Quoted and qualified. */
  sql: string
  relation: Relation
  key: KeyColumn[] | undefined
  triggers: ActiveTrigger[]
  /** The server's RETURNING gives the row as it was, too (PostgreSQL 18 and later). */
  returnsOld: boolean
}

/** Returns the target, with the columns that it has when the unit runs. */
export function toTarget(
  name: RelationName,
  relation: Relation,
  key: KeyColumn[] | undefined,
  unit: PlanningUnit,
  context: PlanContext,
): Target {
  return {
    name,
    sql: sqlName(name),
    relation,
    key,
    triggers: activeTriggers(relation, unit, context),
    returnsOld: context.serverMajor >= 18,
  }
}

/** Returns the name, in schema `freehold`, of a table for what the unit replaces; `what` tells several of one unit apart. */
export function keptRelation(unit: PlanningUnit, what = ''): RelationName {
  const { migrationId, index } = unit.statement
  return { schema: 'freehold', name: shortenIdentifier(`kept_${migrationId}_${index}${what === '' ? '' : `_${what}`}`) }
}

/** Returns it quoted and qualified. */
export function keptName(unit: PlanningUnit, what = ''): string {
  return sqlName(keptRelation(unit, what))
}

/** Returns the statements that make it; what an earlier, abandoned run may have left of that name is stale. */
export function makeKept(kept: string, query: string): string[] {
  return [`DROP TABLE IF EXISTS ${kept}`, `CREATE TABLE ${kept} AS ${query} WITH NO DATA`]
}

/** Returns the columns of the target that the statement changes and whose values do not go with what undo removes anyway. */
export function keptColumns(
  statement: DataStatement,
  target: Target,
  unit: PlanningUnit,
  context: PlanContext,
): string[] {
  const generated = new Set(
    target.relation.columns.filter((column) => column.generated !== null).map((column) => column.name),
  )
  const key = new Set((target.key ?? []).map((column) => column.name))
  // A BEFORE trigger may change any column, such as updated_at.
  const isRewritten = target.triggers.some((trigger) => trigger.before && trigger.events.has('update'))
  const changed = isRewritten ? [...lastingColumns(target, unit, context), ...statement.assigned] : statement.assigned
  return [...new Set(changed)].filter(
    (column) => !generated.has(column) && !key.has(column) && !goesWithUndo(column, target.name, unit, context),
  )
}

/** In the contract phase a column may have been renamed or removed already; those that stay are the ones to be sure of. */
function lastingColumns({ name, relation }: Target, unit: PlanningUnit, context: PlanContext): string[] {
  const names = relation.columns.map((column) => column.name)
  if (unit.phase !== 'contract') {
    return names
  }
  const later = context.after.relations.find((one) => one.schema === name.schema && one.name === name.name)
  return names.filter((column) => later?.columns.some((one) => one.name === column))
}

/** Tells whether the same migration adds the column before, so that taking the migration back removes it. */
function goesWithUndo(column: string, table: RelationName, unit: PlanningUnit, context: PlanContext): boolean {
  if (unit.phase === 'contract') {
    return false
  }
  const wasThere = context.catalog.relations.some(
    (one) => one.schema === table.schema && one.name === table.name && one.columns.some(({ name }) => name === column),
  )
  return (
    !wasThere &&
    context.units.some((other) => {
      const added = alterCommand(other.unit.node)
      const isSame = added !== undefined && isSameName(context.resolve(added.relation), table)
      return (
        isSame &&
        other.statement.migrationId === unit.statement.migrationId &&
        added.command.subtype === 'AT_AddColumn' &&
        bodyOf<{ colname?: string }>(added.command.def, 'ColumnDef')?.colname === column
      )
    })
  )
}

/** Tells whether the same migration makes the table before the contract phase, so that its rows go with it. */
export function tableGoesWithUndo(table: RelationName, unit: PlanningUnit, context: PlanContext): boolean {
  return (
    unit.phase !== 'contract' &&
    context.isNew(table) &&
    context.units.some(
      (other) =>
        other.statement.migrationId === unit.statement.migrationId &&
        other.observation.createdRelations.some((made) => isSameName(made, table)),
    )
  )
}

function isSameName(one: RelationName, other: RelationName): boolean {
  return one.schema === other.schema && one.name === other.name
}

/** Returns statements between which the named triggers do not fire; the lock that they take keeps other writers out. */
export function withoutTriggers(table: string, triggers: ActiveTrigger[], sql: string[]): string[] {
  const off = triggers.map((trigger) => `ALTER TABLE ${table} DISABLE TRIGGER ${quoteIdentifier(trigger.name)}`)
  const on = triggers.map(
    (trigger) =>
      `ALTER TABLE ${table} ENABLE ${trigger.always ? 'ALWAYS ' : ''}TRIGGER ${quoteIdentifier(trigger.name)}`,
  )
  return [...off, ...sql, ...on]
}

/** Returns the columns that an INSERT may name; undefined where it may leave the list out, whatever was added meanwhile. */
export function insertableColumns(target: Target): string[] | undefined {
  const { columns } = target.relation
  if (columns.every((column) => column.generated === null)) {
    return undefined
  }
  return columns.filter((column) => column.generated === null).map((column) => column.name)
}
