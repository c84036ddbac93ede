import { type Client, quoteIdentifier, quoteLiteral, quoteQualified, sqlstateOf } from '@freehold/postgres'
import type { Row } from './make-table-rows.ts'
import type { TableNeeds } from './table-needs.ts'

/** How rows are put in: as anybody's, or past triggers and foreign keys, where the session's role may do that. */
export type InsertMode = 'plain' | 'pastTriggers'

/** Inserts all rows in one statement; `undefined` when Postgres refuses it, and then nothing is changed. */
export async function insertTogether(
  client: Client,
  needs: TableNeeds,
  rows: Row[],
  returning: string[],
  mode: InsertMode = 'plain',
): Promise<Row[] | undefined> {
  const { before, after } = await around(client, mode)
  const script = [
    'SAVEPOINT freehold_rows',
    ...before,
    insertSql(needs, rows, returning),
    ...after,
    'RELEASE SAVEPOINT freehold_rows',
  ]
  try {
    const results = (await client.query(script.join(';\n'))) as unknown as { rows: Row[]; rowCount: number | null }[]
    const inserted = results[1 + before.length]
    return returning.length === 0 ? Array.from({ length: inserted?.rowCount ?? 0 }, () => ({})) : (inserted?.rows ?? [])
  } catch (error) {
    if (sqlstateOf(error) === undefined) {
      throw error
    }
    await client.query('ROLLBACK TO SAVEPOINT freehold_rows; RELEASE SAVEPOINT freehold_rows')
    return undefined
  }
}

/** Inserts the rows one by one and returns those that Postgres takes. */
export async function insertSingly(
  client: Client,
  needs: TableNeeds,
  rows: Row[],
  returning: string[],
  mode: InsertMode = 'plain',
): Promise<Row[]> {
  const inserted: Row[] = []
  for (const row of rows) {
    inserted.push(...((await insertTogether(client, needs, [row], returning, mode)) ?? []))
  }
  return inserted
}

async function around(client: Client, mode: InsertMode): Promise<{ before: string[]; after: string[] }> {
  if (mode === 'plain') {
    return { before: [], after: [] }
  }
  const { rows } = await client.query<{ role: string }>('SELECT current_user::text AS role')
  return {
    before: ['SET ROLE NONE', 'SET LOCAL session_replication_role = replica'],
    after: ['SET LOCAL session_replication_role = origin', `SET ROLE ${quoteIdentifier(rows[0]?.role ?? '')}`],
  }
}

function insertSql({ relation, columns }: TableNeeds, rows: Row[], returning: string[]): string {
  const used = columns.filter((column) => rows.some((row) => row[column.name] !== undefined))
  const table = quoteQualified(relation.schema, relation.name)
  const returned =
    returning.length === 0
      ? ''
      : ` RETURNING ${returning.map((name) => `${quoteIdentifier(name)}::text AS ${quoteIdentifier(name)}`).join(', ')}`
  if (used.length === 0) {
    return `INSERT INTO ${table} DEFAULT VALUES${returned}`
  }
  const overriding = used.some((column) => column.identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : ''
  const lists = rows.map((row) => `(${used.map((column) => sqlValue(row[column.name])).join(', ')})`)
  const names = used.map((column) => quoteIdentifier(column.name)).join(', ')
  return `INSERT INTO ${table} (${names})${overriding} VALUES\n${lists.join(',\n')}${returned}`
}

function sqlValue(value: string | null | undefined): string {
  return value === undefined ? 'DEFAULT' : value === null ? 'NULL' : quoteLiteral(value)
}
