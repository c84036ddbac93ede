import type { Client } from '@freehold/postgres'
import { quoteLiteral, quoteQualified } from '@freehold/postgres'
import type { Catalog, RelationSize } from './catalog.ts'

/** A table this small is counted where it was never analysed; a larger one is estimated from its pages. */
const countedPagesMax = 64
const countedRowsMax = 1000

interface SizeRow {
  oid: number
  heapBytes: number
  totalBytes: number
  pages: number
  tuples: number
  readable: boolean
}

/**
 * Returns sizes and row estimates of the tables, partitioned tables and materialized views of the catalog, in its order.
 * A table of which the role may not read every row counts as holding rows.
 */
export async function readSizes(client: Client, catalog: Catalog): Promise<RelationSize[]> {
  const relations = catalog.relations.filter(
    ({ kind }) => kind === 'table' || kind === 'partitionedTable' || kind === 'materializedView',
  )
  if (relations.length === 0) {
    return []
  }
  const { rows } = await client.query<SizeRow>(sizesQuery, [relations.map((relation) => relation.oid)])
  const sizesByOid = new Map(rows.map((row) => [row.oid, row]))
  const looked = relations.filter((relation) => {
    const size = sizesByOid.get(relation.oid)
    return size?.readable && relation.populated !== false
  })
  const seen = await lookForRows(
    client,
    looked.map((relation) => ({ ...relation, count: isCounted(sizesByOid.get(relation.oid)) })),
  )
  return relations.flatMap((relation) => {
    const size = sizesByOid.get(relation.oid)
    if (size === undefined) {
      return []
    }
    const found = seen.get(relation.oid)
    const { schema, name, oid } = relation
    const hasRows = relation.populated === false ? false : (found?.hasRows ?? true)
    const rowsEstimate = hasRows ? Math.max(found?.counted ?? estimateRows(size), 1) : 0
    return [{ schema, name, oid, heapBytes: size.heapBytes, totalBytes: size.totalBytes, rowsEstimate, hasRows }]
  })
}

// A partitioned table has no storage: it is as large as its leaves. Sizes are taken without opening any relation, so
// that nobody's lock is waited for, but for pg_relation_size, which takes ACCESS SHARE and gives null for a dropped one.
const sizesQuery = `
  select root.oid,
    coalesce(sum(pg_relation_size(leaf.oid)), 0)::float8 as "heapBytes",
    coalesce(sum(pg_total_relation_size(leaf.oid)), 0)::float8 as "totalBytes",
    coalesce(sum(leaf.relpages), 0)::float8 as pages,
    (case when bool_or(leaf.reltuples < 0) then -1 else coalesce(sum(leaf.reltuples), 0) end)::float8 as tuples,
    coalesce(has_table_privilege(root.oid, 'select') and has_schema_privilege(root.relnamespace, 'usage'), false)
      and not row_security_active(root.oid) as readable
  from pg_class root
  left join lateral (select c.oid, c.relpages, c.reltuples from pg_class c
    where (root.relkind <> 'p' and c.oid = root.oid)
      or (root.relkind = 'p' and c.relkind = 'r' and c.oid in (select relid from pg_partition_tree(root.oid)))) leaf on true
  where root.oid = any($1::oid[])
  group by root.oid`

const pageBytes = 8192

function isCounted(size: SizeRow | undefined): boolean {
  return size !== undefined && size.tuples <= 0 && size.heapBytes <= countedPagesMax * pageBytes
}

/** As the planner does: rows for each page at the last ANALYZE, times the pages of now. */
function estimateRows(size: SizeRow): number {
  const pagesNow = size.heapBytes / pageBytes
  if (size.tuples > 0 && size.pages > 0) {
    return Math.round((size.tuples / size.pages) * pagesNow)
  }
  // Never analysed: rows of a hundred bytes, which errs on the side of many.
  return Math.round(size.heapBytes / 100)
}

interface Look {
  oid: number
  schema: string
  name: string
  count: boolean
}

async function lookForRows(
  client: Client,
  relations: Look[],
): Promise<Map<number, { hasRows: boolean; counted: number | null }>> {
  if (relations.length === 0) {
    return new Map()
  }
  const parts = relations.map(({ oid, schema, name, count }) => {
    const table = quoteQualified(schema, name)
    const counted = count
      ? `(select count(*) from (select from ${table} limit ${countedRowsMax}) as head)`
      : 'null::int8'
    return `select ${quoteLiteral(String(oid))}::text as oid, exists(select from ${table} limit 1) as "hasRows", ${counted} as counted`
  })
  const { rows } = await client.query<{ oid: string; hasRows: boolean; counted: string | null }>(
    parts.join(' union all '),
  )
  return new Map(
    rows.map((row) => {
      const counted = row.counted === null || Number(row.counted) >= countedRowsMax ? null : Number(row.counted)
      return [Number(row.oid), { hasRows: row.hasRows, counted }]
    }),
  )
}
