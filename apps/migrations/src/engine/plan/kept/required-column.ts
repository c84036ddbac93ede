/** Lets the new version leave out a column that will be dropped, from expand on. */
import { quoteIdentifier, quoteLiteral, shortenIdentifier } from '@freehold/postgres'
import type { Column, Constraint, Relation } from '../../inspect/catalog.ts'
import { alterTable, inTransaction, lockOn, nothing, patiently, sqlName } from '../actions.ts'
import type { Draft, PlanContext } from '../draft.ts'
import type { Action, CheckAction } from '../step.ts'

/** Tells whether an INSERT that leaves the column out fails. */
export function isRequired(column: Column): boolean {
  return column.notNull && column.default === null && column.identity === null && column.generated === null
}

/** Returns why the column has to stay required while it is there, or undefined. */
export function obstacleToLoosening(column: Column, live: Relation): string | undefined {
  if (live.constraints.some(({ kind, columns }) => kind === 'primaryKey' && columns.includes(column.name))) {
    return `${column.name} is part of the primary key`
  }
  const identity = live.indexes.find(({ name }) => live.replicaIdentity.index === name)
  return identity?.columns.includes(column.name) === true ? `${column.name} is part of the replica identity` : undefined
}

/** Returns the step that gives the column a default for the rows of the new version. */
export function giveDefault(column: Column, live: Relation, down: string): Draft {
  const name = quoteIdentifier(column.name)
  const back =
    column.default === null ? `ALTER COLUMN ${name} DROP DEFAULT` : `ALTER COLUMN ${name} SET DEFAULT ${column.default}`
  return {
    phase: 'expand',
    mechanism: 'deferred',
    reason: `${column.name} gets a default, so that the old version reads a value in rows of the new one, which leaves it out`,
    do: inTransaction([alterTable(live, `ALTER COLUMN ${name} SET DEFAULT (${down}\n)`)], [lockOn(live)]),
    undo: inTransaction([alterTable(live, back)], [lockOn(live)]),
    place: 'inOrder',
    table: { schema: live.schema, name: live.name },
    cost: 'catalog',
  }
}

/**
 * Returns the steps that let the column hold NULL. Taking that back needs a scan, so it is spread over steps of which
 * the later ones only have an undo: look for NULLs, NOT VALID, validate without keeping anybody waiting, NOT NULL.
 */
export function dropNotNull(column: Column, live: Relation, context: PlanContext): Draft[] {
  const undo = context.serverMajor >= 18 ? undoByConstraint(column, live) : undoByCheck(column, live)
  const step = (back: Action, reason: string): Draft => ({
    phase: 'expand',
    mechanism: 'deferred',
    reason,
    do: nothing,
    undo: back,
    place: 'inOrder',
    table: { schema: live.schema, name: live.name },
    cost: 'catalog',
  })
  const [first, ...others] = undo
  return [
    {
      ...step(
        first ?? nothing,
        `the new version leaves ${column.name} out, so it may be empty until it is dropped; the old version can meet NULL in rows of the new one`,
      ),
      do: inTransaction(
        [alterTable(live, `ALTER COLUMN ${quoteIdentifier(column.name)} DROP NOT NULL`)],
        [lockOn(live)],
      ),
    },
    ...others.map((back) =>
      step(back, `only for undo: ${column.name} becomes NOT NULL again without a scan under a strong lock`),
    ),
    step(checkForNulls(column, live), `only for undo: rows without ${column.name} are looked for first`),
  ]
}

/** In the order of the steps; undo runs from the last to the first. */
function undoByConstraint(column: Column, live: Relation): Action[] {
  const constraint = live.constraints.find(({ kind, columns }) => kind === 'notNull' && columns[0] === column.name)
  if (constraint === undefined) {
    throw new Error(`column ${live.name}.${column.name} is NOT NULL and has no constraint for it`)
  }
  const name = quoteIdentifier(constraint.name)
  const inherit = constraint.noInherit ? ' NO INHERIT' : ''
  const add = `ADD CONSTRAINT ${name} NOT NULL ${quoteIdentifier(column.name)}${inherit} NOT VALID`
  const added = inTransaction([alterTable(live, add), ...commentOn(constraint, live)], [lockOn(live)])
  return constraint.validated ? [patiently([alterTable(live, `VALIDATE CONSTRAINT ${name}`)]), added] : [added]
}

function commentOn(constraint: Constraint, live: Relation): string[] {
  return constraint.comment === null
    ? []
    : [
        `COMMENT ON CONSTRAINT ${quoteIdentifier(constraint.name)} ON ${sqlName(live)} IS ${quoteLiteral(constraint.comment)}`,
      ]
}

function undoByCheck(column: Column, live: Relation): Action[] {
  const check = quoteIdentifier(shortenIdentifier(`freehold_not_null_${column.name}`))
  const name = quoteIdentifier(column.name)
  return [
    inTransaction(
      [alterTable(live, `ALTER COLUMN ${name} SET NOT NULL`), alterTable(live, `DROP CONSTRAINT ${check}`)],
      [lockOn(live)],
    ),
    patiently([alterTable(live, `VALIDATE CONSTRAINT ${check}`)]),
    inTransaction([alterTable(live, `ADD CONSTRAINT ${check} CHECK (${name} IS NOT NULL) NOT VALID`)], [lockOn(live)]),
  ]
}

function checkForNulls(column: Column, live: Relation): CheckAction {
  const name = quoteIdentifier(column.name)
  return {
    kind: 'check',
    examples: `SELECT t::text FROM ${sqlName(live)} t WHERE ${name} IS NULL LIMIT 3`,
    count: `SELECT count(*) FROM ${sqlName(live)} WHERE ${name} IS NULL`,
    sqlstate: '23502',
    message: `the new version has written rows of ${live.name} without ${column.name}, which the old version requires: give them a value`,
    atPlan: true,
  }
}
