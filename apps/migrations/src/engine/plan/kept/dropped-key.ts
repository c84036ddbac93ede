/** A dropped primary key, unique or exclusion constraint: its index goes with it, so undo builds it anew, concurrently. */
import { quoteIdentifier, quoteLiteral, shortenIdentifier } from '@freehold/postgres'
import type { Constraint, Index, Relation } from '../../inspect/catalog.ts'
import { alterTable, inTransaction, lockOn, nothing, sqlName } from '../actions.ts'
import { nameInContract } from '../bridges/renames.ts'
import { findLiveRelation } from '../bridges/trace-names.ts'
import type { Draft, PlanContext, PlanningUnit } from '../draft.ts'
import type { Action } from '../step.ts'
import { alterCommand } from '../syntax.ts'

/** A live constraint with an index that a unit drops. */
export interface DroppedKey {
  live: Relation
  constraint: Constraint
  index: Index | undefined
  cascade: boolean
}

/** Returns the constraint with an index that the unit drops, if it drops one. */
export function droppedKeyOf(unit: PlanningUnit, context: PlanContext): DroppedKey | undefined {
  const alter = alterCommand(unit.unit.node)
  if (alter?.command.subtype !== 'AT_DropConstraint') {
    return undefined
  }
  const live = findLiveRelation(context.resolve(alter.relation), unit.order, context)
  const constraint = live?.constraints.find(({ name }) => name === alter.command.name)
  if (live === undefined || constraint === undefined || constraint.index === null) {
    return undefined
  }
  const index = live.indexes.find(({ name }) => name === constraint.index)
  return { live, constraint, index, cascade: alter.command.behavior === 'DROP_CASCADE' }
}

/** Returns the step that drops the constraint and, for undo, one that builds its index. */
export function dropKey(
  { live, constraint, index, cascade }: DroppedKey,
  unit: PlanningUnit,
  context: PlanContext,
): Draft[] {
  const table =
    unit.phase === 'contract' ? nameInContract(live, unit.order, context) : { schema: live.schema, name: live.name }
  const name = quoteIdentifier(constraint.name)
  const draft: Omit<Draft, 'reason' | 'do' | 'undo'> = {
    phase: unit.phase,
    mechanism: 'deferred',
    // A foreign key that is made later would choose an index that is still there.
    place: 'inOrder',
    table,
    cost: 'catalog',
  }
  const { add, build } = restore(table, live, constraint, index, cascade)
  const drop: Draft = {
    ...draft,
    reason: `the old version may rely on ${constraint.name}, so it stays until that is gone`,
    do: inTransaction(
      [alterTable(table, `DROP CONSTRAINT ${name}${cascade ? ' CASCADE' : ''}`)],
      [lockOn(table)],
      unit.settings,
    ),
    undo: add,
  }
  return build === undefined
    ? [drop]
    : [
        drop,
        {
          ...draft,
          reason: `only for undo: the index of ${constraint.name} is built without blocking anybody`,
          do: nothing,
          undo: build,
        },
      ]
}

function restore(
  table: Relation | { schema: string; name: string },
  live: Relation,
  constraint: Constraint,
  index: Index | undefined,
  cascade: boolean,
): { add: Action; build?: Action } {
  if (cascade || index === undefined || constraint.kind === 'exclusion' || live.kind !== 'table' || constraint.period) {
    return {
      add: { kind: 'none', reason: 'the constraint comes back only by a build under a strong lock', stays: true },
    }
  }
  const built = shortenIdentifier(`freehold_${constraint.name}`)
  const kind = constraint.kind === 'primaryKey' ? 'PRIMARY KEY' : 'UNIQUE'
  const when = `${constraint.deferrable ? ' DEFERRABLE' : ''}${constraint.deferred ? ' INITIALLY DEFERRED' : ''}`
  const name = quoteIdentifier(constraint.name)
  const comment =
    constraint.comment === null
      ? []
      : [`COMMENT ON CONSTRAINT ${name} ON ${sqlName(table)} IS ${quoteLiteral(constraint.comment)}`]
  const add = `ADD CONSTRAINT ${name} ${kind} USING INDEX ${quoteIdentifier(built)}${when}`
  const indexName = sqlName({ schema: table.schema, name: built })
  return {
    add: inTransaction([alterTable(table, add), ...comment], [lockOn(table)]),
    build: {
      kind: 'concurrent',
      sql: `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdentifier(built)} ON ${sqlName(table)} ${index.body}`,
      done: `SELECT coalesce((SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass(${quoteLiteral(indexName)})), false)`,
      cleanup: [`DROP INDEX CONCURRENTLY IF EXISTS ${indexName}`],
    },
  }
}
