/**
 * Writes the SQL of a twin, for the way there and for the way back, from the schema as it is when its turn comes and
 * the schema that its statements make of that.
 */
import type { Catalog, Relation } from '../../inspect/catalog.ts'
import { findRelation } from '../../inspect/find-relation.ts'
import { parseQualified } from '../../inspect/render/parse-names.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { lockOn, sqlName } from '../actions.ts'
import { isSameName } from '../bridges/trace-names.ts'
import { type KeyColumn, keysOf } from '../data/table-key.ts'
import type { TwinScript } from '../step.ts'
import { followsFromItself, mayNotGoBack, type RowSource, rowsBackward, rowsForward } from './copied-columns.ts'
import { copySql } from './copy-sql.ts'
import { dropLog, makeLog, unwatchTable, watchTable } from './log-sql.ts'
import { type Origin, originsOf } from './origins.ts'
import { cutKept, type Exchange, swapSql } from './swap-sql.ts'
import { type TwinNames, twinNames } from './twin-names.ts'
import { buildTwin, makeTwin, sequencesOf } from './twin-parts.ts'
import { TwinRefusal } from './twin-refusal.ts'

export interface TwinInput {
  table: RelationName
  statements: string[]
  /** The schema before the statements and after them. */
  before: Catalog
  after: Catalog
  /** Tells one twin of a plan from another. */
  seed: string
}

export interface TwinScripts {
  do: TwinScript
  undo: TwinScript
  warnings: string[]
}

/** Returns both scripts. Throws a TwinRefusal where a twin could not keep something that the table has. */
export function twinScripts(input: TwinInput): TwinScripts {
  const before = tableIn(input.before, input.table)
  const after = tableIn(input.after, input.table)
  const origins = originsOf(input.statements, before, input.before)
  const key = chooseKey(before, after, origins)
  const names = twinNames(input.seed, input.table, 'do')
  const rows = rowsForward(before, after, origins, key)
  const there: Exchange = {
    before,
    after,
    catalogBefore: input.before,
    catalogAfter: input.after,
    names,
    helper: undefined,
  }
  const way = { before, after, origins, columns: rows.columns, kept: names.kept }
  const backKey = chooseKey(after, before, new Map([...origins].map(([name, origin]) => [name, reversed(origin)])))
  const back: Exchange = {
    before: after,
    after: before,
    catalogBefore: input.after,
    catalogAfter: input.before,
    names: twinNames(input.seed, input.table, 'undo'),
    helper: undefined,
  }
  const keyNames = key.map(({ name }) => name)
  return {
    do: scriptOf(there, rows, cutKept(there, keyNames)),
    // What was kept, and what was made in vain, has had its day.
    undo: scriptOf(back, rowsBackward(way, backKey), [
      ...dropLog(names),
      `DROP TABLE IF EXISTS ${sqlName(back.names.kept)} CASCADE`,
      `DROP TABLE IF EXISTS ${sqlName(names.kept)} CASCADE`,
    ]),
    warnings: warningsOf(before, after, origins),
  }
}

function tableIn(catalog: Catalog, name: RelationName): Relation {
  const table = findRelation(catalog, name)
  if (table === undefined) {
    throw new TwinRefusal(`${name.schema}.${name.name} is not there when its turn comes`)
  }
  if (table.kind !== 'table') {
    throw new TwinRefusal(`${name.name} is not an ordinary table, and only such a one can have a twin`)
  }
  if (table.partition !== null || table.inherits.length > 0 || hasHeirs(table, catalog)) {
    throw new TwinRefusal(`${name.name} inherits from other tables or is inherited, which a twin cannot take over`)
  }
  return table
}

function hasHeirs(table: Relation, catalog: Catalog): boolean {
  return catalog.relations.some(({ inherits }) => inherits.some((parent) => isSameName(parseQualified(parent), table)))
}

/** Returns the key by which rows are found on both sides. */
function chooseKey(before: Relation, after: Relation, origins: Map<string, Origin>): KeyColumn[] {
  const keys = keysOf(before)
  const usable = keys.filter((key) =>
    key.every(({ name }) => followsFromItself(name, before, after, origins.get(name))),
  )
  const unchanged = usable.find((key) => key.every(({ name }) => isUnchanged(name, before, after, origins)))
  const key = unchanged ?? usable[0]
  if (key === undefined) {
    throw new TwinRefusal(
      keys.length === 0
        ? `${before.name} has no primary key and no unique index on NOT NULL columns, by which a twin could be filled: add one first`
        : `the statement leaves ${before.name} no key by which its rows could be found again`,
    )
  }
  return key
}

function isUnchanged(name: string, before: Relation, after: Relation, origins: Map<string, Origin>): boolean {
  const [old, now] = [before, after].map(({ columns }) => columns.find((column) => column.name === name)?.type)
  return old === now && origins.get(name)?.from === 'column'
}

function reversed(origin: Origin): Origin {
  return origin.from === 'expression' && origin.converts ? { from: 'column' } : origin
}

function scriptOf(exchange: Exchange, rows: RowSource, clean: string[]): TwinScript {
  const { before, after, names, catalogBefore, catalogAfter } = exchange
  const sequences = sequencesOf(after, catalogBefore, catalogAfter)
  const keyNames = rows.twinKey.map(({ name }) => name)
  const { builds, helper } = buildTwin(after, keyNames, names)
  const { sql, locks, validate } = swapSql({ ...exchange, helper })
  const given = rows.columns.filter(({ value }) => value !== null)
  const overriding = after.columns.some(({ name, identity }) => {
    return identity === 'always' && given.some((column) => column.name === name)
  })
  const removal = removeTwin(exchange, names)
  return {
    twin: names.twin,
    key: rows.key,
    make: [
      ...removal,
      `DROP TABLE IF EXISTS ${sqlName(names.kept)} CASCADE`,
      ...makeTwin(after, sequences, names, catalogAfter.serverVersionNum),
      ...makeLog(before, rows.key, names),
    ],
    watch: watchTable(before, names),
    ...copySql(rows, names.twin, names.log, overriding),
    builds,
    swap: { sql, locks },
    validate,
    clean: [...dropLog(names), ...clean],
    abandon: { sql: unwatchTable(before, names), locks: [lockOn(before)], clean: removal },
  }
}

function removeTwin(exchange: Exchange, names: TwinNames): string[] {
  const { made } = sequencesOf(exchange.after, exchange.catalogBefore, exchange.catalogAfter)
  return [
    `DROP TABLE IF EXISTS ${sqlName(names.twin)} CASCADE`,
    ...made.map(
      (sequence) => `DROP SEQUENCE IF EXISTS ${sqlName({ schema: names.twin.schema, name: names.hideNew(sequence) })}`,
    ),
    ...dropLog(names),
  ]
}

function warningsOf(before: Relation, after: Relation, origins: Map<string, Origin>): string[] {
  const changed = before.columns.flatMap((old) => {
    const now = after.columns.find(({ name }) => name === old.name)
    return now === undefined || now.type === old.type ? [] : [{ old, now }]
  })
  const stuck = changed.filter(({ old, now }) => origins.has(old.name) && mayNotGoBack(now.type, old.type))
  return [
    ...(changed.length === 0
      ? []
      : [
          `sessions that hold named prepared statements on ${before.name} get 0A000 once for each of them, and go on passing parameters in the old type until they prepare anew`,
        ]),
    ...stuck.map(
      ({ old, now }) =>
        `undo stops, with the table as it is, once ${before.name}.${old.name} holds a ${now.type} that has no place in ${old.type}`,
    ),
  ]
}
