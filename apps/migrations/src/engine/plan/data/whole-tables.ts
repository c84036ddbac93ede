/**
 * For statements that do not tell which rows they change: the tables are copied before and compared after, in one
 * transaction, so that only what changed is kept. Exact, and as dear as a copy of the tables.
 */
import { quoteIdentifier } from '@freehold/postgres'
import { lockOn, patiently } from '../actions.ts'
import type { PlanningUnit } from '../draft.ts'
import { of } from './change-rows.ts'
import { insertBack } from './delete-rows.ts'
import { insertableColumns, keptName, type Target, withoutTriggers } from './kept-table.ts'
import type { KeyColumn } from './table-key.ts'
import { triggersFor } from './triggers.ts'
import type { Carried } from './update-rows.ts'

/** Returns the statement as written between a copy of the tables that it changes and the comparison with it. */
export function aroundWholeTables(targets: Target[], unit: PlanningUnit): Carried {
  const parts = targets.map((target) => {
    const [kept, added] = [keptName(unit, target.name.name), keptName(unit, `${target.name.name}_added`)]
    return target.key === undefined ? byRow(target, kept, added) : byKey(target, target.key, kept, added)
  })
  const before = parts.flatMap((part) => part.before)
  const after = parts.flatMap((part) => part.after)
  const [bringBack, remove] = [
    parts.flatMap((part) => part.bringBack),
    parts.toReversed().flatMap((part) => part.remove),
  ]
  // Rows that others refer to come back first and go last; within one table a new row may have taken an old one's value.
  const undo = targets.length === 1 ? [...remove, ...bringBack] : [...bringBack, ...remove]
  const guarded = targets.reduce((sql, target) => {
    return withoutTriggers(target.sql, triggersFor(target.triggers, ['insert', 'update', 'delete']), sql)
  }, undo)
  const locks = targets
    .filter((target) => target.triggers.length > 0)
    .map((target) => lockOn(target.name, 'ShareRowExclusiveLock'))
  const drops = parts.flatMap((part) => part.tables).map((table) => `DROP TABLE ${table}`)
  return {
    do: patiently([...before, unit.unit.sql, ...after], unit.settings),
    undo: { ...patiently([...guarded, ...drops], unit.settings), locks },
  }
}

// Names that no column has, for a whole row is named like its table.
const row = 'freehold_row'
const keptRow = 'freehold_kept_row'

interface Part {
  tables: string[]
  before: string[]
  after: string[]
  bringBack: string[]
  remove: string[]
}

function byKey(target: Target, key: KeyColumn[], kept: string, added: string): Part {
  const same = (one: string, other: string): string =>
    key.map(({ name }) => `${of(one, name)} = ${of(other, name)}`).join(' AND ')
  const columns = (insertableColumns(target) ?? target.relation.columns.map((column) => column.name)).filter(
    (column) => !key.some(({ name }) => name === column),
  )
  const values = columns.map((column) => `${quoteIdentifier(column)} = ${of('kept', column)}`)
  const update = `UPDATE ${target.sql} AS t SET ${values.join(', ')} FROM ${kept} AS kept WHERE ${same('t', 'kept')}`
  return {
    tables: [kept, added],
    before: copy(target, kept),
    after: [
      `DROP TABLE IF EXISTS ${added}`,
      `CREATE TABLE ${added} AS SELECT ${key.map(({ name }) => of('t', name)).join(', ')} FROM ${target.sql} AS t
WHERE NOT EXISTS (SELECT FROM ${kept} AS kept WHERE ${same('t', 'kept')})`,
      `DELETE FROM ${kept} AS ${keptRow} USING ${target.sql} AS ${row}
WHERE ${same(row, keptRow)} AND ${row}::text IS NOT DISTINCT FROM ${keptRow}::text`,
    ],
    bringBack: [...(columns.length === 0 ? [] : [update]), insertBack(target, kept)],
    remove: [`DELETE FROM ${target.sql} AS t USING ${added} AS added WHERE ${same('t', 'added')}`],
  }
}

/** Rows without a key are told apart by their contents alone, and counted. */
function byRow(target: Target, kept: string, added: string): Part {
  const numbered = (table: string): string =>
    `SELECT ${row}.tableoid AS part, ${row}.ctid AS place, ${row}::text AS contents,
  row_number() OVER (PARTITION BY ${row}::text) AS number FROM ${table} AS ${row}`
  const counted = (table: string): string =>
    `SELECT ${row}::text AS contents, count(*) AS number FROM ${table} AS ${row} GROUP BY 1`
  const remove = (table: string, counts: string): string => `DELETE FROM ${table} WHERE (tableoid, ctid) IN (
  SELECT n.part, n.place FROM (${numbered(table)}) AS n JOIN (${counted(counts)}) AS c USING (contents) WHERE n.number <= c.number)`
  return {
    tables: [kept, added],
    before: copy(target, kept),
    after: [
      `DROP TABLE IF EXISTS ${added}`,
      `CREATE TABLE ${added} AS SELECT t.* FROM ${target.sql} AS t
JOIN (${numbered(target.sql)}) AS n ON n.part = t.tableoid AND n.place = t.ctid
LEFT JOIN (${counted(kept)}) AS c USING (contents) WHERE n.number > coalesce(c.number, 0)`,
      remove(kept, target.sql),
    ],
    bringBack: [insertBack(target, kept)],
    remove: [remove(target.sql, added)],
  }
}

function copy(target: Target, kept: string): string[] {
  return [`DROP TABLE IF EXISTS ${kept}`, `CREATE TABLE ${kept} AS SELECT * FROM ${target.sql}`]
}
