/** What a row of the twin is made of, for the way there and for the way back. */
import { quoteIdentifier } from '@freehold/postgres'
import type { Column, Relation } from '../../inspect/catalog.ts'
import type { RelationName } from '../../rehearse/observation.ts'
import { sqlName } from '../actions.ts'
import type { KeyColumn } from '../data/table-key.ts'
import type { Origin } from './origins.ts'

export interface CopiedColumn {
  name: string
  /** What is inserted; null where the twin gives the value itself. */
  value: string | null
  /** The same in the column's type, to compare rows by; null where it is another one each time. */
  compared: string | null
}

/** The rows of a table on their way into its twin. */
export interface RowSource {
  table: RelationName
  /** Name of the table in the expressions, raw. */
  alias: string
  /** Further FROM items that the expressions read. */
  joins: string
  columns: CopiedColumn[]
  /** Names a row in the table, and in the twin by the columns of the same names. */
  key: KeyColumn[]
  /** The key's types in the twin. */
  twinKey: KeyColumn[]
  /** Returns a key's part, given as SQL, as the twin has it. */
  convertKey(position: number, value: string): string
  /** True where ranges of the table's key are ranges of the twin's. */
  keepsOrder: boolean
}

/** A key that the twin does not have itself: its values go along in columns that are dropped by the exchange. */
export interface CarriedKey {
  /** Names in the twin. */
  columns: string[]
}

/** Returns the source with its key carried along in further columns. */
export function carryKey(source: RowSource, carried: CarriedKey): RowSource {
  const given = source.key.map(({ name }, position): CopiedColumn => {
    const value = `${quoteIdentifier(source.alias)}.${quoteIdentifier(name)}`
    return { name: carried.columns[position] ?? '', value, compared: value }
  })
  return {
    ...source,
    columns: [...source.columns, ...given],
    twinKey: source.key.map(({ type }, position) => ({ name: carried.columns[position] ?? '', type })),
    convertKey: (_, value) => value,
    keepsOrder: true,
  }
}

/** Returns the rows for the twin that the statements ask for. */
export function rowsForward(
  before: Relation,
  after: Relation,
  origins: Map<string, Origin>,
  key: KeyColumn[],
): RowSource {
  const alias = before.name
  const columns = after.columns
    .filter(({ generated }) => generated === null)
    .map((column) => copiedForward(column, before, origins.get(column.name), alias))
  const twinKey = keyIn(after, key)
  return {
    table: { schema: before.schema, name: before.name },
    alias,
    joins: '',
    columns,
    key,
    twinKey,
    convertKey(position, value) {
      const { name, type } = key[position] as KeyColumn
      const origin = origins.get(name)
      const to = twinKey[position]?.type ?? type
      if (origin?.from === 'expression') {
        const row = `(SELECT ${value} AS ${quoteIdentifier(name)}) AS ${quoteIdentifier(alias)}`
        return `(SELECT (${origin.sql})::${to} FROM ${row})`
      }
      return to === type ? value : `(${value})::${to}`
    },
    keepsOrder: key.every(({ name, type }, position) => {
      return origins.get(name)?.from === 'column' && sortsAlike(type, twinKey[position]?.type ?? type)
    }),
  }
}

/** Tells whether the column can be part of a key: its value in the twin follows from its own value alone. */
export function followsFromItself(
  name: string,
  before: Relation,
  after: Relation,
  origin: Origin | undefined,
): boolean {
  const [old, now] = [before, after].map(({ columns }) => columns.find((column) => column.name === name))
  if (old === undefined || now === undefined || origin === undefined || !sameCollation(old, now)) {
    return false
  }
  if (origin.from === 'expression') {
    return origin.converts && !origin.isVolatile && [...origin.reads].every((read) => read === name)
  }
  return origin.from === 'column'
}

function sameCollation(a: Column, b: Column): boolean {
  return a.collation === b.collation
}

function keyIn(relation: Relation, key: KeyColumn[]): KeyColumn[] {
  return key.map(({ name, type }) => ({
    name,
    type: relation.columns.find((column) => column.name === name)?.type ?? type,
  }))
}

const integers = /^(smallint|integer|bigint)$/

function sortsAlike(a: string, b: string): boolean {
  return a === b || (integers.test(a) && integers.test(b))
}

function copiedForward(column: Column, before: Relation, origin: Origin | undefined, alias: string): CopiedColumn {
  const { name, type } = column
  if (origin === undefined || origin.from === 'default') {
    return { name, value: null, compared: null }
  }
  if (origin.from === 'expression') {
    return { name, value: `(${origin.sql})`, compared: origin.isVolatile ? null : `(${origin.sql})::${type}` }
  }
  const value = `${quoteIdentifier(alias)}.${quoteIdentifier(name)}`
  const isSame = before.columns.some((old) => old.name === name && old.type === type)
  return { name, value, compared: isSame ? value : `(${value})::${type}` }
}

/** What the way back needs of the way there. */
export interface WayThere {
  before: Relation
  after: Relation
  origins: Map<string, Origin>
  columns: CopiedColumn[]
  kept: RelationName
}

const current = 'freehold_current'
const kept = 'freehold_kept'
const found = 'freehold_found'

/**
 * Returns the rows for the twin that takes the table back: a value that has not changed since is the one that was kept,
 * so that nothing is lost on the way; any other is cast back.
 */
export function rowsBackward(way: WayThere, key: KeyColumn[]): RowSource {
  const { before, after } = way
  const twinKey = keyIn(before, key)
  const canJoin = findsKeptRows(way, key)
  const used: string[] = []
  const columns = before.columns
    .filter(({ generated }) => generated === null)
    .map((column) => copiedBackward(column, way, canJoin ? used : undefined))
  return {
    table: { schema: after.schema, name: after.name },
    alias: current,
    joins: used.length === 0 ? '' : joinKept(way, key, used),
    columns,
    key,
    twinKey,
    convertKey(position, value) {
      const [from, to] = [key[position]?.type ?? '', twinKey[position]?.type ?? '']
      return from === to ? value : castBack(value, from, to)
    },
    keepsOrder: canJoin,
  }
}

/** Tells whether the key of a row of the table is that of the row that was kept. */
export function findsKeptRows({ before, origins }: WayThere, key: KeyColumn[]): boolean {
  return key.every(({ name, type }) => {
    const old = before.columns.find((column) => column.name === name)
    return old !== undefined && sortsAlike(type, old.type) && origins.get(name)?.from === 'column'
  })
}

/** Returns the column of the table that holds what the old column became, if one does. */
export function linkTo(name: string, { after, origins }: WayThere): Column | undefined {
  const origin = origins.get(name)
  const isLinked = origin?.from === 'column' || (origin?.from === 'expression' && origin.converts)
  return isLinked ? after.columns.find((column) => column.name === name) : undefined
}

function joinKept(way: WayThere, key: KeyColumn[], used: string[]): string {
  const alias = quoteIdentifier(way.before.name)
  const on = key.map(({ name }) => `${alias}.${quoteIdentifier(name)} = ${current}.${quoteIdentifier(name)}`)
  return ` LEFT JOIN LATERAL (SELECT true AS ${found}, ${used.join(', ')} FROM ${sqlName(way.kept)} AS ${alias} WHERE ${on.join(' AND ')}) AS ${kept} ON true`
}

/** `used` collects what is read of the kept row; undefined where it cannot be found. */
function copiedBackward(column: Column, way: WayThere, used: string[] | undefined): CopiedColumn {
  const { name, type } = column
  const quoted = quoteIdentifier(name)
  const now = way.after.columns.find((one) => one.name === name)
  const origin = way.origins.get(name)
  const isLinked =
    now !== undefined && (origin?.from === 'column' || (origin?.from === 'expression' && origin.converts))
  const value = `${current}.${quoted}`
  if (isLinked && now.type === type && origin?.from === 'column') {
    return { name, value, compared: value }
  }
  const other = isLinked ? castBack(value, now.type, type) : (column.default ?? 'NULL')
  const there = way.columns.find((one) => one.name === name)?.compared
  if (used === undefined || (isLinked && (there === null || there === undefined))) {
    return { name, value: other, compared: `(${other})::${type}` }
  }
  const position = used.length
  const table = quoteIdentifier(way.before.name)
  used.push(`${table}.${quoted} AS freehold_old_${position}`)
  let condition = `${kept}.${found}`
  if (now !== undefined) {
    used.push(`((${there}))::text AS freehold_then_${position}`)
    condition += ` AND ${kept}.freehold_then_${position} IS NOT DISTINCT FROM ${value}::text`
  }
  const both = `CASE WHEN ${condition} THEN ${kept}.freehold_old_${position} ELSE ${other} END`
  return { name, value: both, compared: `(${both})::${type}` }
}

const families = [
  /^(smallint|integer|bigint|numeric|real|double precision)\b/,
  /^(date|timestamp)\b/,
  /^(text|character varying|character|"char"|name)\b/,
]

/** Returns the value in another type: by the cast of its family, else as it is written. */
function castBack(value: string, from: string, to: string): string {
  const isFamily = families.some((family) => family.test(from) && family.test(to)) && !/\[\]$/.test(`${from}${to}`)
  return isFamily ? `(${value})::${to}` : `((${value})::text)::${to}`
}

/** Tells whether values that the new type holds may have no place in the old one. */
export function mayNotGoBack(from: string, to: string): boolean {
  const wide = /^(text|character varying)$/
  return !(wide.test(to) || (to === 'bigint' && integers.test(from)) || (to === 'integer' && from === 'smallint'))
}
