/**
 * DELETE: whole rows are kept, and so are the rows of other tables that foreign keys delete or change with them; undo
 * puts them back.
 */
import { quoteIdentifier } from '@freehold/postgres'
import { lockOn, patiently } from '../actions.ts'
import type { PlanningUnit } from '../draft.ts'
import type { Action } from '../step.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import { asOne, changed, inRange, of, sameKey } from './change-rows.ts'
import type { Closure, Reached } from './closure.ts'
import { insertableColumns, keptName, makeKept, type Target, withoutTriggers } from './kept-table.ts'
import { boundaryQuery, rangeSettings } from './key-range.ts'
import { triggersFor } from './triggers.ts'
import type { Carried } from './update-rows.ts'

/** Returns the DELETE in ranges of the target's key, or as one statement without a key. Throws a DeparseError. */
export function deleteRows(
  statement: DataStatement,
  target: Target,
  closure: Closure,
  unit: PlanningUnit,
  how: 'inRanges' | 'asOne',
): Carried {
  const kept = keptName(unit)
  const before = [
    ...makeKept(kept, `SELECT * FROM ${target.sql}`),
    ...closure.reached.flatMap((reached) => makeReached(reached)),
  ]
  const returning = [{ sql: `${quoteIdentifier(statement.alias)}.*` }]
  const key = how === 'inRanges' ? target.key : undefined
  const remove = key === undefined ? asOne(statement, returning) : inRange(statement, key, returning)
  const sql = [
    `WITH ${changed} AS (`,
    remove,
    ')',
    ...closure.reached.flatMap((reached) => keepReached(reached)),
    `INSERT INTO ${kept} SELECT * FROM ${changed}`,
  ].join('\n')
  const undo = putBack(kept, target, closure, unit)
  if (key === undefined) {
    return { do: patiently([...before, sql], unit.settings), undo }
  }
  return {
    do: {
      kind: 'batch',
      schema: target.name.schema,
      table: target.name.name,
      key,
      boundary: boundaryQuery(target.sql, key),
      before,
      sql: [sql],
      after: [],
      settings: { ...unit.settings, ...rangeSettings },
    },
    undo,
  }
}

function makeReached({ kept, target, deletedWhen, cleared }: Reached): string[] {
  const whole = deletedWhen.length > 0 ? makeKept(kept, `SELECT * FROM ${target.sql}`) : []
  return [...whole, ...cleared.flatMap((one) => makeKept(one.kept, clearedQuery(target, one.columns)))]
}

function clearedQuery(target: Target, columns: string[]): string {
  const key = (target.key ?? []).map((column, position) => `${of('r', column.name)} AS key_${position + 1}`)
  const old = columns.map((column, position) => `${of('r', column)} AS old_${position + 1}`)
  return `SELECT ${[...key, ...old].join(', ')} FROM ${target.sql} AS r`
}

function keepReached({ kept, query, target, deletedWhen, cleared }: Reached): string[] {
  const whole =
    deletedWhen.length === 0
      ? []
      : [
          `, ${query} AS (INSERT INTO ${kept} SELECT r.* FROM ${target.sql} AS r WHERE ${deletedWhen.join(' OR ')} RETURNING *)`,
        ]
  const parts = cleared.map(
    (one, at) => `, ${query}_${at} AS (INSERT INTO ${one.kept} ${clearedQuery(target, one.columns)} WHERE ${one.when})`,
  )
  return [...whole, ...parts]
}

function putBack(kept: string, target: Target, closure: Closure, unit: PlanningUnit): Action {
  const rows = [{ target, kept }, ...closure.reached.filter((reached) => reached.deletedWhen.length > 0)]
  const inserts = rows.map((one) => ({ target: one.target, sql: insertBack(one.target, one.kept) }))
  const updates = closure.reached.flatMap((reached) =>
    reached.cleared.map((one) => ({ target: reached.target, sql: setBack(reached.target, one) })),
  )
  const all = [
    ...inserts.map((one) => ({ ...one, triggers: triggersFor(one.target.triggers, ['insert']) })),
    ...updates.map((one) => ({ ...one, triggers: triggersFor(one.target.triggers, ['update']) })),
  ]
  const locks = all
    .filter((one) => one.triggers.length > 0)
    .map((one) => lockOn(one.target.name, 'ShareRowExclusiveLock'))
  const drops = [
    ...rows.map((one) => one.kept),
    ...closure.reached.flatMap((reached) => reached.cleared.map((one) => one.kept)),
  ]
  const sql = all.flatMap((one) => withoutTriggers(one.target.sql, one.triggers, [one.sql]))
  return { ...patiently([...sql, ...drops.map((name) => `DROP TABLE ${name}`)], unit.settings), locks }
}

/** Puts kept rows back; one whose key somebody has used again meanwhile stays away. */
export function insertBack(target: Target, kept: string): string {
  const columns = insertableColumns(target)
  const list = columns === undefined ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`
  const select = columns === undefined ? '*' : columns.map(quoteIdentifier).join(', ')
  // Deferrable constraints cannot be arbiters.
  const isImmediate = target.relation.constraints.every((one) => !one.deferrable || one.kind === 'foreignKey')
  const conflict = isImmediate && target.relation.kind !== 'view' ? ' ON CONFLICT DO NOTHING' : ''
  return `INSERT INTO ${target.sql}${list} OVERRIDING SYSTEM VALUE SELECT ${select} FROM ${kept}${conflict}`
}

function setBack(target: Target, { kept, columns, toNull }: Reached['cleared'][number]): string {
  const values = columns.map((column, position) => `${quoteIdentifier(column)} = kept.old_${position + 1}`)
  const untouched = toNull ? columns.map((column) => ` AND ${of('t', column)} IS NULL`).join('') : ''
  const update = `UPDATE ${target.sql} AS t SET ${values.join(', ')} FROM ${kept} AS kept`
  return `${update} WHERE ${sameKey('t', target.key ?? [], 'kept')}${untouched}`
}
