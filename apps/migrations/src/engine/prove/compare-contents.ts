import type { Client } from '@freehold/postgres'
import { quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Catalog, Relation } from '../inspect/catalog.ts'
import type { Difference } from '../inspect/compare-catalogs.ts'
import { relationKey, sequenceKey } from '../inspect/object-keys.ts'
import {
  type ContentsDigest,
  digestContents,
  type Normalisation,
  readRows,
  relationsWithRows,
} from './table-contents.ts'
import { noVolatileColumns, type VolatileColumns } from './volatile-columns.ts'

export interface CompareContentsOptions {
  /** Columns of which only the type, the number of nulls and the number of different values are compared. */
  volatile: VolatileColumns
  /** Times from here to now are taken for values of now(), wherever they come from, and equal each other. */
  nowFrom: Date
}

/** Rows that are fetched to name some of those that differ. */
const comparedRowsMax = 5000
const shownRowsMax = 3
const shownLength = 200

/**
 * Returns the tables, materialized views and sequences whose contents differ between two databases that both have the
 * given schema. Rows are compared as multisets; `a` is what is expected.
 */
export async function compareContents(
  a: Client,
  b: Client,
  catalog: Catalog,
  options: CompareContentsOptions,
): Promise<Difference[]> {
  const relations = relationsWithRows(catalog)
  const [expected, found] = await Promise.all([a, b].map((side) => digestContents(side, catalog, relations, options)))
  const differences: Difference[] = []
  for (const [position, relation] of relations.entries()) {
    const [left, right] = [expected?.[position], found?.[position]]
    if (left === undefined || right === undefined || same(left, right)) {
      continue
    }
    differences.push(...(await explain(a, b, catalog, relation, options, left, right)))
  }
  return [...differences, ...(await compareSequences(a, b, catalog))]
}

/** The contents of every table of a schema at one time, to be found again later. */
export type ContentsFingerprint = Map<string, ContentsDigest>

/** Returns the contents' fingerprint, every value as it is; sequences are left out, for they do not go back. */
export async function fingerprintContents(client: Client, catalog: Catalog): Promise<ContentsFingerprint> {
  const relations = relationsWithRows(catalog)
  const digests = await digestContents(client, catalog, relations, asTheyAre)
  return new Map(relations.map((relation, position) => [relationKey(relation), digests[position] as ContentsDigest]))
}

/** Returns the tables whose contents are no longer those of the fingerprint. */
export async function compareWithFingerprint(
  client: Client,
  catalog: Catalog,
  fingerprint: ContentsFingerprint,
): Promise<Difference[]> {
  const found = await fingerprintContents(client, catalog)
  return [...fingerprint].flatMap(([object, expected]) => {
    const digest = found.get(object)
    if (digest === undefined || same(expected, digest)) {
      return []
    }
    const differ = expected.rows === digest.rows ? 'other values' : 'other rows'
    return [{ object, what: 'rows', expected: `${expected.rows} rows`, found: `${digest.rows} rows, ${differ}` }]
  })
}

const asTheyAre: Normalisation = { volatile: noVolatileColumns, nowFrom: null }

function same(a: ContentsDigest, b: ContentsDigest): boolean {
  return a.rows === b.rows && a.hash === b.hash && a.volatile === b.volatile
}

async function explain(
  a: Client,
  b: Client,
  catalog: Catalog,
  relation: Relation,
  options: Normalisation,
  left: ContentsDigest,
  right: ContentsDigest,
): Promise<Difference[]> {
  const object = relationKey(relation)
  if (left.hash === right.hash && left.rows === right.rows) {
    return [{ object, what: 'values of volatile columns', expected: left.volatile, found: right.volatile }]
  }
  const expected = await readRows(a, catalog, relation, options, comparedRowsMax)
  const found = await readRows(b, catalog, relation, options, comparedRowsMax)
  const describe = (digest: ContentsDigest, own: string[], others: string[]): string =>
    [`${digest.rows} rows`, ...without(own, others).slice(0, shownRowsMax).map(cut)].join(', among them ')
  return [{ object, what: 'rows', expected: describe(left, expected, found), found: describe(right, found, expected) }]
}

/** Returns the items of a multiset that another lacks. */
function without(items: string[], others: string[]): string[] {
  const left = new Map<string, number>()
  for (const other of others) {
    left.set(other, (left.get(other) ?? 0) + 1)
  }
  return items.filter((item) => {
    const count = left.get(item) ?? 0
    left.set(item, count - 1)
    return count <= 0
  })
}

const cut = (text: string): string => (text.length > shownLength ? `${text.slice(0, shownLength)}…` : text)

async function compareSequences(a: Client, b: Client, catalog: Catalog): Promise<Difference[]> {
  // A session takes as many values ahead as the cache is large, so that it depends on the number of sessions.
  const sequences = catalog.sequences.filter((sequence) => sequence.cache === '1')
  if (sequences.length === 0) {
    return []
  }
  const sql = sequences
    .map((sequence) => {
      const name = quoteQualified(sequence.schema, sequence.name)
      return `SELECT ${quoteLiteral(sequenceKey(sequence))} AS object, last_value || ', called: ' || is_called AS state FROM ${name}`
    })
    .join('\nUNION ALL\n')
  const read = async (client: Client): Promise<Map<string, string>> => {
    const { rows } = await client.query<{ object: string; state: string }>(sql)
    return new Map(rows.map((row) => [row.object, row.state]))
  }
  const [expected, found] = await Promise.all([read(a), read(b)])
  return [...expected]
    .map(([object, state]) => ({ object, what: 'last value', expected: state, found: found.get(object) ?? null }))
    .filter((difference) => difference.expected !== difference.found)
}
