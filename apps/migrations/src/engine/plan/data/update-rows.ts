/** UPDATE: old and new values are kept by key; undo gives back the old one where the new one still stands. */
import { quoteIdentifier } from '@freehold/postgres'
import { lockOn, nothing, patiently } from '../actions.ts'
import type { PlanningUnit } from '../draft.ts'
import type { Action, BatchAction } from '../step.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import { asOne, changed, changedRows, inRange, keyAndValues, lockRows, of, sameKey } from './change-rows.ts'
import { keptName, keptRelation, makeKept, type Target, withoutTriggers } from './kept-table.ts'
import { boundaryQuery, lookUpSettings, rangeConditions, rangeSettings } from './key-range.ts'
import type { KeyColumn } from './table-key.ts'
import { triggersFor } from './triggers.ts'

/** What carries a statement out and what takes it back. */
export interface Carried {
  do: Action
  undo: Action
}

/** Returns the UPDATE in ranges of the target's key. Throws a DeparseError. */
export function updateInRanges(
  statement: DataStatement,
  target: Target & { key: KeyColumn[] },
  columns: string[],
  unit: PlanningUnit,
): Carried {
  const common = {
    kind: 'batch',
    schema: target.name.schema,
    table: target.name.name,
    key: target.key,
    boundary: boundaryQuery(target.sql, target.key),
    after: [],
    settings: { ...unit.settings, ...rangeSettings },
  } as const satisfies Partial<BatchAction>
  if (columns.length === 0) {
    return { do: { ...common, before: [], sql: [inRange(statement, target.key, [])] }, undo: nothing }
  }
  const kept = keptName(unit)
  const update = inRange(statement, target.key, keyAndValues(statement.alias, target, columns))
  const sql = keeping(update, kept, target, columns)
  return {
    do: { ...common, before: makeUpdateKept(kept, target, columns), sql: [sql] },
    undo: restore(kept, target, columns, unit, 'inRanges'),
  }
}

/** Returns the UPDATE as one statement. Throws a DeparseError. */
export function updateAsOne(
  statement: DataStatement,
  target: Target & { key: KeyColumn[] },
  columns: string[],
  unit: PlanningUnit,
): Carried {
  if (columns.length === 0) {
    return { do: patiently([unit.unit.sql], unit.settings), undo: nothing }
  }
  const kept = keptName(unit)
  const locking = target.returnsOld ? [] : [lockRows(statement)]
  const update = asOne(statement, keyAndValues(statement.alias, target, columns))
  const sql = keeping(update, kept, target, columns)
  return {
    do: patiently([...makeUpdateKept(kept, target, columns), ...locking, sql], unit.settings),
    undo: restore(kept, target, columns, unit, 'asOne'),
  }
}

function makeUpdateKept(kept: string, target: Target & { key: KeyColumn[] }, columns: string[]): string[] {
  const list = [
    ...target.key.map((column, position) => `${of('t', column.name)} AS key_${position + 1}`),
    ...columns.map((column, position) => `${of('t', column)} AS old_${position + 1}`),
    ...columns.map((column, position) => `${of('t', column)} AS new_${position + 1}`),
  ]
  const key = target.key.map((_, position) => `key_${position + 1}`).join(', ')
  return [
    ...makeKept(kept, `SELECT ${list.join(', ')} FROM ${target.sql} AS t`),
    `ALTER TABLE ${kept} ADD PRIMARY KEY (${key})`,
  ]
}

function keeping(update: string, kept: string, target: Target & { key: KeyColumn[] }, columns: string[]): string {
  const names = (prefix: string): string[] => columns.map((_, position) => `${prefix}_${position + 1}`)
  const keys = target.key.map((_, position) => `key_${position + 1}`)
  const { from, old } = changedRows(target, columns)
  return [
    `WITH ${changed} AS (`,
    update,
    ')',
    `INSERT INTO ${kept} (${[...keys, ...names('old'), ...names('new')].join(', ')})`,
    `SELECT ${[...keys.map((key) => `${changed}.${key}`), ...old, ...names('new').map((name) => `${changed}.${name}`)].join(', ')}`,
    `FROM ${from}`,
  ].join('\n')
}

/** Returns the action that gives rows that are still there what they had, where nobody has changed it since. */
function restore(
  kept: string,
  target: Target & { key: KeyColumn[] },
  columns: string[],
  unit: PlanningUnit,
  how: 'inRanges' | 'asOne',
): Action {
  const update = restoreSql(kept, target, columns)
  const triggers = triggersFor(target.triggers, ['update'])
  const drop = `DROP TABLE ${kept}`
  if (triggers.length > 0) {
    // They would act on the way back as well, such as writing the moment of the undo into updated_at.
    const lock = lockOn(target.name, 'ShareRowExclusiveLock')
    return { ...patiently([...withoutTriggers(target.sql, triggers, [update]), drop], unit.settings), locks: [lock] }
  }
  if (how === 'asOne') {
    return patiently([update, drop], unit.settings)
  }
  const key = target.key.map(({ type }, position) => ({ name: `key_${position + 1}`, type }))
  const { behind, upTo } = rangeConditions(key, 'kept')
  return {
    kind: 'batch',
    schema: 'freehold',
    table: keptRelation(unit).name,
    key,
    boundary: boundaryQuery(kept, key),
    before: [],
    sql: [`${update} AND ${behind} AND ${upTo}`],
    after: [drop],
    settings: { ...unit.settings, ...rangeSettings, ...lookUpSettings },
  }
}

/** Returns the UPDATE that does; a condition may follow it. */
export function restoreSql(kept: string, target: Target & { key: KeyColumn[] }, columns: string[]): string {
  const values = columns.map((column, position) => {
    const [now, before, after] = [of('t', column), `kept.old_${position + 1}`, `kept.new_${position + 1}`]
    return `${quoteIdentifier(column)} = CASE WHEN ${now}::text IS NOT DISTINCT FROM ${after}::text THEN ${before} ELSE ${now} END`
  })
  return [
    `UPDATE ${target.sql} AS t SET ${values.join(', ')}`,
    `FROM ${kept} AS kept WHERE ${sameKey('t', target.key, 'kept')}`,
  ].join('\n')
}
