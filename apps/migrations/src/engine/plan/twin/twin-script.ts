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
import { keptSchema } from '../kept/kept-names.ts'
import type { TwinScript } from '../step.ts'
import {
  type CarriedKey,
  carryKey,
  findsKeptRows,
  followsFromItself,
  linkTo,
  mayNotGoBack,
  type RowSource,
  rowsBackward,
  rowsForward,
  type WayThere,
} from './copied-columns.ts'
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
  /** Whether the owners and rights of the schema are there where the twin is tried. */
  hasLiveRoles: boolean
}

export interface TwinScripts {
  do: TwinScript
  /** Or why there is no way back. */
  undo: TwinScript | string
  warnings: string[]
}

/** Returns both scripts. Throws a TwinRefusal where a twin could not keep something that the table has. */
export function twinScripts(input: TwinInput): TwinScripts {
  const before = tableIn(input.before, input.table)
  const after = tableIn(input.after, input.table)
  const origins = originsOf(input.statements, before, input.before)
  const chosen = chooseKey(before, after, origins)
  if (chosen === undefined) {
    throw new TwinRefusal(
      `${before.name} has no primary key and no unique index on NOT NULL columns, by which a twin could be filled: add one first`,
    )
  }
  const { key, carried } = chosen
  const names = twinNames(input.seed, input.table, 'do')
  const forward = rowsForward(before, after, origins, key)
  const rows = carried === undefined ? forward : carryKey(forward, carried)
  const there: Omit<Exchange, 'helper'> = {
    before,
    after,
    catalogBefore: input.before,
    catalogAfter: input.after,
    names,
    carried,
    hasLiveRoles: input.hasLiveRoles,
  }
  const way = { before, after, origins, columns: forward.columns, kept: names.kept }
  return {
    do: scriptOf(
      there,
      rows,
      cutKept(
        there,
        key.map(({ name }) => name),
      ),
    ),
    undo: scriptBack(input, way, names),
    warnings: warningsOf(way),
  }
}

function scriptBack(input: TwinInput, way: WayThere, names: TwinNames): TwinScript | string {
  const { before, after, origins } = way
  const chosen = chooseKey(after, before, new Map([...origins].map(([name, origin]) => [name, reversed(origin)])))
  if (chosen === undefined) {
    return `${after.name} has no key then by which its rows could be followed; as it was it is kept in schema ${keptSchema}`
  }
  const { key, carried } = chosen
  const lost = lostOnTheWay(way, key)
  if (lost !== undefined) {
    return lost
  }
  const back: Omit<Exchange, 'helper'> = {
    before: after,
    after: before,
    catalogBefore: input.after,
    catalogAfter: input.before,
    names: twinNames(input.seed, input.table, 'undo'),
    carried,
    hasLiveRoles: input.hasLiveRoles,
  }
  const rows = rowsBackward(way, key)
  // What was kept, and what was made in vain, has had its day.
  return scriptOf(back, carried === undefined ? rows : carryKey(rows, carried), [
    ...dropLog(names),
    `DROP TABLE IF EXISTS ${sqlName(back.names.kept)} CASCADE`,
    `DROP TABLE IF EXISTS ${sqlName(names.kept)} CASCADE`,
  ])
}

/** Says which column could not be filled again, since nothing in a row of the table leads to the row that is kept. */
function lostOnTheWay(way: WayThere, key: KeyColumn[]): string | undefined {
  const lost = findsKeptRows(way, key)
    ? undefined
    : way.before.columns.find((column) => column.generated === null && linkTo(column.name, way) === undefined)
  return lost && `what ${lost.name} held stays in schema ${keptSchema}, in the table that is kept there`
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

interface ChosenKey {
  key: KeyColumn[]
  /** Given where the twin would not have it. */
  carried: CarriedKey | undefined
}

/** Returns the key by which rows are found on both sides; undefined where the table has none. */
function chooseKey(before: Relation, after: Relation, origins: Map<string, Origin>): ChosenKey | undefined {
  const keys = keysOf(before)
  const usable = keys.filter((key) =>
    key.every(({ name }) => followsFromItself(name, before, after, origins.get(name))),
  )
  const unchanged = usable.find((key) => key.every(({ name }) => isUnchanged(name, before, after, origins)))
  const key = unchanged ?? usable[0]
  if (key !== undefined) {
    return { key, carried: undefined }
  }
  const [first] = keys
  return first && { key: first, carried: { columns: first.map((_, position) => `freehold_carried_${position + 1}`) } }
}

function isUnchanged(name: string, before: Relation, after: Relation, origins: Map<string, Origin>): boolean {
  const [old, now] = [before, after].map(({ columns }) => columns.find((column) => column.name === name)?.type)
  return old === now && origins.get(name)?.from === 'column'
}

function reversed(origin: Origin): Origin {
  return origin.from === 'expression' && origin.converts ? { from: 'column' } : origin
}

function scriptOf(exchange: Omit<Exchange, 'helper'>, rows: RowSource, clean: string[]): TwinScript {
  const { before, after, names, catalogBefore, catalogAfter } = exchange
  const sequences = sequencesOf(after, catalogBefore, catalogAfter)
  const keyNames = rows.twinKey.map(({ name }) => name)
  const { builds, helper } = buildTwin(after, keyNames, names)
  const { sql, locks, place, validate } = swapSql({ ...exchange, helper })
  const carried = (exchange.carried?.columns ?? []).map((name, position) => ({
    name,
    type: rows.key[position]?.type ?? '',
  }))
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
      ...makeTwin(after, sequences, names, { version: catalogAfter.serverVersionNum, carried }),
      ...makeLog(before, rows.key, names),
    ],
    watch: watchTable(before, names),
    ...copySql(rows, names.twin, names.log, overriding),
    builds,
    swap: { sql, locks },
    place: { sql: place, isTried: exchange.hasLiveRoles },
    validate,
    clean: [...dropLog(names), ...clean],
    abandon: { sql: unwatchTable(before, names), locks: [lockOn(before)], clean: removal },
  }
}

function removeTwin(exchange: Omit<Exchange, 'helper'>, names: TwinNames): string[] {
  const { made } = sequencesOf(exchange.after, exchange.catalogBefore, exchange.catalogAfter)
  return [
    `DROP TABLE IF EXISTS ${sqlName(names.twin)} CASCADE`,
    ...made.map(
      (sequence) => `DROP SEQUENCE IF EXISTS ${sqlName({ schema: names.twin.schema, name: names.hideNew(sequence) })}`,
    ),
    ...dropLog(names),
  ]
}

function warningsOf(way: WayThere): string[] {
  const { before } = way
  const changed = before.columns.flatMap((old) => {
    const now = linkTo(old.name, way)
    return now === undefined || now.type === old.type ? [] : [{ old, now }]
  })
  const stuck = changed.filter(({ old, now }) => mayNotGoBack(now.type, old.type))
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
