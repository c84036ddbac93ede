/**
 * Queries that give the contents of tables in a form that can be compared between two databases whose clocks, random
 * numbers and sequences went their own ways.
 */
import type { Client } from '@freehold/postgres'
import { quoteIdentifier, quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Catalog, Column, Relation } from '../inspect/catalog.ts'
import { baseType } from './find-type.ts'
import type { VolatileColumns } from './volatile-columns.ts'

/** How values are made comparable. */
export interface Normalisation {
  volatile: VolatileColumns
  /** Times from here on are taken for values of now(), which differ between two runs; null compares every value as it is. */
  nowFrom: Date | null
}

/** The contents of one table as numbers and hashes that are equal when the contents are. */
export interface ContentsDigest {
  rows: string
  /** Sum over the rows' hashes, so that their order does not matter. */
  hash: string
  /** Of each volatile column, how many values it holds and how many different ones. */
  volatile: string
}

/** Tables a query: few round trips, and no plan of thousands of nodes. */
const tablesPerQuery = 50

/** Returns the relations that hold rows of their own; partitioned tables hold theirs in their partitions. */
export function relationsWithRows(catalog: Catalog): Relation[] {
  return catalog.relations.filter(
    (relation) => relation.kind === 'table' || (relation.kind === 'materializedView' && relation.populated === true),
  )
}

/** Returns the digest of each relation, in their order. */
export async function digestContents(
  client: Client,
  catalog: Catalog,
  relations: Relation[],
  normalisation: Normalisation,
): Promise<ContentsDigest[]> {
  const filled = await relationsWithPages(client, relations)
  const digests = new Map<Relation, ContentsDigest>()
  for (let at = 0; at < filled.length; at += tablesPerQuery) {
    const part = filled.slice(at, at + tablesPerQuery)
    const queries = part.map((relation, position) => {
      return `SELECT ${position} AS position, ${digestColumns(catalog, relation, normalisation)} FROM ONLY ${nameOf(relation)} AS r`
    })
    const { rows } = await client.query<ContentsDigest>(`${queries.join('\nUNION ALL\n')}\nORDER BY position`)
    for (const [position, relation] of part.entries()) {
      const { rows: count, hash, volatile } = rows[position] as ContentsDigest
      digests.set(relation, { rows: count, hash, volatile })
    }
  }
  return relations.map((relation) => digests.get(relation) ?? emptyDigest(relation, normalisation))
}

/** A heap without a page holds no row, and asking its size is much cheaper than a query on it. */
async function relationsWithPages(client: Client, relations: Relation[]): Promise<Relation[]> {
  const names = relations.map((relation) => quoteLiteral(nameOf(relation)))
  const { rows } = await client.query<{ hasPages: boolean }>(
    `SELECT pg_relation_size(name::regclass) > 0 AS "hasPages"
       FROM unnest(ARRAY[${names.join(', ')}]::text[]) WITH ORDINALITY AS given (name, position) ORDER BY position`,
  )
  return relations.filter(({ accessMethod }, position) => accessMethod !== 'heap' || rows[position]?.hasPages === true)
}

function emptyDigest(relation: Relation, normalisation: Normalisation): ContentsDigest {
  const volatile = volatileOf(relation, normalisation).map((column) => `${column.name}: 0 values, 0 different`)
  return { rows: '0', hash: '0', volatile: volatile.join('; ') }
}

/** Returns each row as one text, for people; a row that occurs twice is there twice. */
export async function readRows(
  client: Client,
  catalog: Catalog,
  relation: Relation,
  normalisation: Normalisation,
  rowsMax: number,
): Promise<string[]> {
  const text = rowText(catalog, relation, normalisation)
  const { rows } = await client.query<{ text: string }>(
    `SELECT ${text} AS text FROM ONLY ${nameOf(relation)} AS r ORDER BY 1 LIMIT ${rowsMax}`,
  )
  return rows.map((row) => row.text)
}

const nameOf = (relation: Relation): string => quoteQualified(relation.schema, relation.name)

function digestColumns(catalog: Catalog, relation: Relation, normalisation: Normalisation): string {
  const text = rowText(catalog, relation, normalisation)
  const hash = `coalesce(sum(('x' || left(md5(${text}), 15))::bit(60)::bigint), 0)::text`
  const volatile = volatileOf(relation, normalisation).map((column) => {
    const value = `(r.${quoteIdentifier(column.name)})::text`
    const label = quoteLiteral(`${column.name}: `)
    return `${label} || count(${value}) || ' values, ' || count(DISTINCT ${value}) || ' different'`
  })
  const described = volatile.length === 0 ? `''` : volatile.join(` || '; ' || `)
  return `count(*)::text AS rows, ${hash} AS hash, ${described} AS volatile`
}

function rowText(catalog: Catalog, relation: Relation, normalisation: Normalisation): string {
  const volatile = new Set(volatileOf(relation, normalisation))
  const values = relation.columns
    .filter((column) => !volatile.has(column))
    .map((column) => comparable(catalog, column, normalisation.nowFrom))
  return `ROW(${values.join(', ')})::text`
}

function volatileOf(relation: Relation, { volatile }: Normalisation): Column[] {
  return relation.columns.filter((column) => volatile.has(relation, column.name))
}

function comparable(catalog: Catalog, column: Column, nowFrom: Date | null): string {
  const value = `r.${quoteIdentifier(column.name)}`
  const base = baseType(catalog, column.type)
  if (nowFrom === null || !/^(timestamp|date)\b/.test(base) || base.endsWith(']')) {
    return value
  }
  // A value without time zone is up to a day away from the instant that it stands for.
  const slackMs = base.includes('with time zone') ? 0 : 24 * 3600 * 1000
  const from = quoteLiteral(new Date(nowFrom.getTime() - slackMs).toISOString())
  const isNow = `${value} >= ${from}::timestamptz::${bare(base)} AND ${value} < (clock_timestamp() + interval '2 days')::${bare(base)}`
  return `CASE WHEN ${isNow} THEN '<now>' ELSE ${value}::text END`
}

/** The type without its precision: a bound must not be rounded. */
const bare = (type: string): string => type.replace(/\(\d+\)/, '')
