/** The statements that fill a twin, keep it in step and compare it with its table. */
import { quoteIdentifier } from '@freehold/postgres'
import type { RelationName } from '../../rehearse/observation.ts'
import { sqlName } from '../actions.ts'
import { boundaryQuery, rangeConditions } from '../data/key-range.ts'
import type { TwinScript } from '../step.ts'
import type { CopiedColumn, RowSource } from './copied-columns.ts'

const logged = 'freehold_logged'
const twinAlias = 'freehold_twin'
/** The keys of the log, read once a comparison. */
const loggedKeys = 'freehold_keys'

/** Returns the name of the log's column for a part of the key. */
export function logColumn(position: number): string {
  return `freehold_key_${position + 1}`
}

type CopySql = Pick<TwinScript, 'boundary' | 'copy' | 'apply' | 'compare' | 'count'>

/** Returns the statements for a source of rows, its twin and its log. */
export function copySql(source: RowSource, twin: RelationName, log: RelationName, overriding: boolean): CopySql {
  const table = `ONLY ${sqlName(source.table)}`
  const { behind, upTo } = rangeConditions(source.key, source.alias)
  return {
    boundary: boundaryQuery(table, source.key),
    copy: `${insertInto(source, twin, overriding)} FROM ${table} AS ${quoteIdentifier(source.alias)}${source.joins} WHERE ${behind} AND ${upTo}`,
    apply: applySql(source, twin, log, overriding),
    compare: compareSql(source, twin, log),
    count: countSql(source, twin, log),
  }
}

function insertInto(source: RowSource, twin: RelationName, overriding: boolean): string {
  const given = source.columns.filter((column): column is CopiedColumn & { value: string } => column.value !== null)
  const names = given.map(({ name }) => quoteIdentifier(name)).join(', ')
  const values = given.map(({ value }) => value).join(', ')
  return `INSERT INTO ${sqlName(twin)} (${names})${overriding ? ' OVERRIDING SYSTEM VALUE' : ''} SELECT ${values}`
}

/** Deletes first and inserts afterwards: the table never held two equal values, but one row's may have been another's before. */
function applySql(source: RowSource, twin: RelationName, log: RelationName, overriding: boolean): string[] {
  const alias = quoteIdentifier(source.alias)
  const columns = source.key.map((_, position) => logColumn(position))
  const keys = `(SELECT DISTINCT ${columns.join(', ')} FROM ${sqlName(log)} WHERE NOT emptied)`
  const converted = columns.map((column, position) => `${source.convertKey(position, column)} AS ${column}`)
  const twinKeys = `(SELECT DISTINCT ${converted.join(', ')} FROM ${keys} AS one)`
  const isTwins = columns.map((column, position) => {
    return `${twinAlias}.${quoteIdentifier(source.twinKey[position]?.name ?? '')} = ${logged}.${column}`
  })
  const isTables = columns.map((column, position) => {
    return `${alias}.${quoteIdentifier(source.key[position]?.name ?? '')} = ${logged}.${column}`
  })
  return [
    `DELETE FROM ${sqlName(twin)} WHERE EXISTS (SELECT FROM ${sqlName(log)} WHERE emptied)`,
    `DELETE FROM ${sqlName(twin)} AS ${twinAlias} USING ${twinKeys} AS ${logged} WHERE ${isTwins.join(' AND ')}`,
    `${insertInto(source, twin, overriding)} FROM ${keys} AS ${logged} JOIN ONLY ${sqlName(source.table)} AS ${alias} ON ${isTables.join(' AND ')}${source.joins}`,
    `DELETE FROM ${sqlName(log)}`,
  ]
}

interface Sides {
  table: string
  twin: string
}

/** What is logged is brought up to date under the lock of the exchange, so it is left out on both sides. */
function unlogged(source: RowSource, keys: string): Sides {
  const is = (alias: string, key: RowSource['key'], convert: (position: number, value: string) => string): string =>
    key
      .map(
        ({ name }, position) =>
          `${quoteIdentifier(alias)}.${quoteIdentifier(name)} = ${convert(position, `${logged}.${logColumn(position)}`)}`,
      )
      .join(' AND ')
  const without = (condition: string): string => `NOT EXISTS (SELECT FROM ${keys} AS ${logged} WHERE ${condition})`
  return {
    table: without(is(source.alias, source.key, (_, value) => value)),
    twin: without(is(twinAlias, source.twinKey, source.convertKey)),
  }
}

/**
 * Pairs the rows of both sides by key, which the twin has an index on: images of equal rows are equal, at a third of what
 * their text costs, and the text of those that are not decides. A row that the twin has twice is found by the count.
 */
function compareSql(source: RowSource, twin: RelationName, log: RelationName): TwinScript['compare'] {
  const compared = source.columns.filter((column) => column.compared !== null)
  const own = quoteIdentifier(source.alias)
  const sides = unlogged(source, loggedKeys)
  const columns = source.key.map((_, position) => logColumn(position))
  const side = (keys: string[], values: string[], from: string, condition: string): string => {
    const named = keys.map((key, position) => `${key} AS ${columns[position]}`)
    return `(SELECT ${named.join(', ')}, ROW(${values.join(', ')}) AS "values" FROM ONLY ${from} WHERE ${condition})`
  }
  const of = (key: RowSource['key'], alias: string, rest: string): string => {
    const { behind, upTo } = rangeConditions(key, alias)
    return source.keepsOrder ? `${behind} AND ${upTo} AND ${rest}` : rest
  }
  const ownKeys = source.key.map(({ name }, position) => source.convertKey(position, `${own}.${quoteIdentifier(name)}`))
  const twinKeys = source.twinKey.map(({ name }) => `${twinAlias}.${quoteIdentifier(name)}`)
  const owns = side(
    ownKeys,
    compared.map((column) => column.compared as string),
    `${sqlName(source.table)} AS ${own}${source.joins}`,
    of(source.key, source.alias, sides.table),
  )
  const twins = side(
    twinKeys,
    compared.map(({ name }) => `${twinAlias}.${quoteIdentifier(name)}`),
    `${sqlName(twin)} AS ${twinAlias}`,
    of(source.twinKey, twinAlias, sides.twin),
  )
  const paired = columns.map((column) => `own.${column} = twins.${column}`).join(' AND ')
  // Counted, for a plan that is made to find a first difference soon reads the log once for each row where there is none.
  return {
    byRange: source.keepsOrder,
    sql: `WITH ${loggedKeys} AS MATERIALIZED (SELECT DISTINCT ${columns.join(', ')} FROM ${sqlName(log)})
SELECT NOT EXISTS (SELECT FROM ${sqlName(log)} WHERE emptied) AND count(*) > 0 AS differs FROM ${owns} AS own FULL JOIN ${twins} AS twins ON ${paired}
 WHERE own.${columns[0]} IS NULL OR twins.${columns[0]} IS NULL OR (own."values" *<> twins."values" AND own."values"::text <> twins."values"::text)`,
  }
}

function countSql(source: RowSource, twin: RelationName, log: RelationName): string {
  const sides = unlogged(source, sqlName(log))
  const alias = quoteIdentifier(source.alias)
  return `SELECT EXISTS (SELECT FROM ${sqlName(log)} WHERE emptied) OR (SELECT count(*) FROM ONLY ${sqlName(source.table)} AS ${alias} WHERE ${sides.table}) = (SELECT count(*) FROM ONLY ${sqlName(twin)} AS ${twinAlias} WHERE ${sides.twin}) AS equal`
}
