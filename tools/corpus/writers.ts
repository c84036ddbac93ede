/** An application that does not know of the migration and goes on writing rows of its own while it runs. */
import { setTimeout as wait } from 'node:timers/promises'
import {
  type Catalog,
  isDataStatement,
  isOpaque,
  makeRows,
  relevantTables,
  type Statement,
  wordsOf,
} from '@freehold/migrations/testing'
import { type Client, quoteIdentifier, quoteLiteral, quoteQualified, sqlstateOf } from '@freehold/postgres'

const seed = 11
const rowsPerTable = 6
/** Rows stand on others, which may come behind them. */
const roundsMax = 4

type Relation = Catalog['relations'][number]

/** One row of the application's own. */
interface OwnRow {
  table: Relation
  /** Every column's value as text. */
  values: Record<string, string | null>
}

/**
 * Returns writes of rows of the application's own: all are inserted, some changed, some deleted. Tables that the
 * migration's data statements name are left out, for whether these meet such a row depends on when it is written.
 * `scratch` is a copy of the database, which the rows are made on.
 */
export async function proposeWrites(scratch: Client, catalog: Catalog, statements: Statement[]): Promise<string[]> {
  const own = await makeOwnRows(scratch, catalog, statements)
  const changes = own.flatMap((row, position) => {
    const donor = own.slice(position + 1).find(({ table }) => table === row.table)
    return [donor === undefined ? undefined : updateOf(row, donor), position % 3 === 2 ? deleteOf(row) : undefined]
  })
  return [...own.map(insertOf), ...changes.filter((sql) => sql !== undefined)]
}

/** Returns those that the schema after the migration does not refuse; what it calls by another name is not asked. */
export async function withoutRefused(after: Client, writes: string[]): Promise<string[]> {
  await after.query('BEGIN')
  const { failed } = await tryAll(after, writes)
  await after.query('ROLLBACK')
  const refused = new Set(failed.filter(({ sqlstate }) => sqlstate.startsWith('23')).map(({ sql }) => sql))
  return writes.filter((sql) => !refused.has(sql))
}

/** Returns those that succeed one after the other, in an order in which they do. */
export async function inPossibleOrder(before: Client, writes: string[]): Promise<string[]> {
  const possible: string[] = []
  await before.query('BEGIN')
  try {
    let left = writes
    for (let round = 0; round < roundsMax && left.length > 0; round += 1) {
      const { done, failed } = await tryAll(before, left)
      possible.push(...done)
      left = failed.map(({ sql }) => sql)
    }
    return possible
  } finally {
    await before.query('ROLLBACK')
  }
}

interface Tried {
  done: string[]
  failed: { sql: string; sqlstate: string }[]
}

/** Within a transaction. */
async function tryAll(client: Client, writes: string[]): Promise<Tried> {
  const tried: Tried = { done: [], failed: [] }
  for (const sql of writes) {
    try {
      await client.query(`SAVEPOINT one; ${sql}; SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT one`)
      tried.done.push(sql)
    } catch (error) {
      const sqlstate = sqlstateOf(error)
      if (sqlstate === undefined) {
        throw error
      }
      await client.query('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one')
      tried.failed.push({ sql, sqlstate })
    }
  }
  return tried
}

async function makeOwnRows(scratch: Client, catalog: Catalog, statements: Statement[]): Promise<OwnRow[]> {
  if (statements.some(({ node }) => isOpaque(node))) {
    return []
  }
  const byData = new Set(
    statements.filter(({ node }) => isDataStatement(node)).flatMap(({ node }) => [...wordsOf(node)]),
  )
  const all = catalog.relations.filter(
    ({ kind, partition, name }) =>
      (kind === 'table' || kind === 'partitionedTable') && partition === null && name !== '_prisma_migrations',
  )
  const tables = relevantTables(catalog, statements, all).filter(({ name }) => !byData.has(name))
  const { rows } = await scratch.query<{ since: string }>('SELECT pg_current_xact_id()::text AS since')
  await makeRows(scratch, catalog, { tables, statements, seed, rowsPerTable })
  const own: OwnRow[] = []
  for (const table of all.filter(({ schema, name }) =>
    tables.some((one) => one.schema === schema && one.name === name),
  )) {
    const columns = table.columns.map(({ name }) => `${quoteIdentifier(name)}::text AS ${quoteIdentifier(name)}`)
    const found = await scratch.query<Record<string, string | null>>(
      `SELECT ${columns.join(', ')} FROM ${quoteQualified(table.schema, table.name)} WHERE xmin::text::bigint > $1::bigint`,
      [rows[0]?.since],
    )
    own.push(...found.rows.map((values) => ({ table, values })))
  }
  return own
}

function insertOf({ table, values }: OwnRow): string {
  const given = table.columns.filter(({ generated }) => generated === null).map(({ name }) => name)
  const list = given.map((name) => quoteIdentifier(name)).join(', ')
  const row = given.map((name) => literal(values[name])).join(', ')
  return `INSERT INTO ${quoteQualified(table.schema, table.name)} (${list}) OVERRIDING SYSTEM VALUE VALUES (${row})`
}

/** Sets what is neither a key nor generated to the values of another row; undefined where there is no such column. */
function updateOf(row: OwnRow, donor: OwnRow): string | undefined {
  const { table } = row
  const where = whereOf(row)
  const unique = new Set(table.indexes.flatMap(({ unique, columns }) => (unique ? columns : [])))
  const free = table.columns.filter(({ name, generated, identity }) => {
    return generated === null && identity === null && !unique.has(name)
  })
  if (where === undefined || free.length === 0) {
    return undefined
  }
  const set = free.map(({ name }) => `${quoteIdentifier(name)} = ${literal(donor.values[name])}`)
  return `UPDATE ${quoteQualified(table.schema, table.name)} SET ${set.join(', ')} WHERE ${where}`
}

function deleteOf(row: OwnRow): string | undefined {
  const where = whereOf(row)
  return where === undefined
    ? undefined
    : `DELETE FROM ${quoteQualified(row.table.schema, row.table.name)} WHERE ${where}`
}

/** Finds the row by its primary key. */
function whereOf({ table, values }: OwnRow): string | undefined {
  const key = table.constraints.find(({ kind }) => kind === 'primaryKey')
  return key?.columns.map((name) => `${quoteIdentifier(name)} = ${literal(values[name])}`).join(' AND ')
}

function literal(value: string | null | undefined): string {
  return value === null || value === undefined ? 'NULL' : quoteLiteral(value)
}

/** Writes one after the other; an application would tell its user of one that fails. */
export async function play(client: Client, writes: string[], pauseMs: number): Promise<void> {
  for (const sql of writes) {
    try {
      await client.query(sql)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`a write failed: ${sqlstateOf(error)} ${message}: ${sql.slice(0, 500)}`, { cause: error })
    }
    if (pauseMs > 0) {
      await wait(pauseMs)
    }
  }
}
