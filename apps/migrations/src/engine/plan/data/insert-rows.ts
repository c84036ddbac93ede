/** INSERT: the keys of new rows are kept, and what ON CONFLICT DO UPDATE replaces; undo removes exactly those rows. */
import { lockOn, patiently } from '../actions.ts'
import type { PlanningUnit } from '../draft.ts'
import type { DataStatement } from './analyse-data-statement.ts'
import { asOne, changed, changedRows, keyAndValues, of, sameKey } from './change-rows.ts'
import { keptName, makeKept, type Target, withoutTriggers } from './kept-table.ts'
import { triggersFor } from './triggers.ts'
import { type Carried, restoreSql } from './update-rows.ts'

/** Returns the INSERT, which adds rows and on conflict changes `columns` of those that are there. Throws a DeparseError. */
export function insertRows(
  statement: DataStatement,
  target: Target & { key: NonNullable<Target['key']> },
  columns: string[],
  unit: PlanningUnit,
): Carried {
  const kept = keptName(unit)
  const keys = target.key.map((_, position) => `key_${position + 1}`)
  const olds = columns.map((_, position) => `old_${position + 1}`)
  const news = columns.map((_, position) => `new_${position + 1}`)
  const empty = [
    ...target.key.map((column, position) => `${of('t', column.name)} AS ${keys[position]}`),
    'true AS is_new',
    ...columns.map((column, position) => `${of('t', column)} AS ${olds[position]}`),
    ...columns.map((column, position) => `${of('t', column)} AS ${news[position]}`),
  ]
  const before = changedRows(target, columns)
  const sql = [
    `WITH ${changed} AS (`,
    asOne(statement, keyAndValues(statement.alias, target, columns)),
    ')',
    `INSERT INTO ${kept} (${[...keys, 'is_new', ...olds, ...news].join(', ')})`,
    `SELECT ${[
      ...keys.map((key) => `${changed}.${key}`),
      `${before.oldKey} IS NULL`,
      ...before.old,
      ...news.map((name) => `${changed}.${name}`),
    ].join(', ')}`,
    `FROM ${before.from}`,
  ].join('\n')
  const make = makeKept(kept, `SELECT ${empty.join(', ')} FROM ${target.sql} AS t`)
  const remove = `DELETE FROM ${target.sql} AS t USING ${kept} AS kept WHERE ${sameKey('t', target.key, 'kept')} AND kept.is_new`
  const undo = columns.length === 0 ? [remove] : [remove, `${restoreSql(kept, target, columns)} AND NOT kept.is_new`]
  const triggers = triggersFor(target.triggers, columns.length === 0 ? ['delete'] : ['delete', 'update'])
  const locks = triggers.length === 0 ? [] : [lockOn(target.name, 'ShareRowExclusiveLock')]
  const undoSql = [...withoutTriggers(target.sql, triggers, undo), `DROP TABLE ${kept}`]
  return { do: patiently([...make, sql], unit.settings), undo: { ...patiently(undoSql, unit.settings), locks } }
}
