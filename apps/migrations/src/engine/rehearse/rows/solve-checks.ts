import { type Client, quoteIdentifier, quoteLiteral, sqlstateOf } from '@freehold/postgres'
import type { Catalog } from '../../inspect/catalog.ts'
import { parseSql } from '../../parse/parser.ts'
import { baseType } from '../../prove/find-type.ts'
import { type ColumnValues, fit } from './column-values.ts'
import type { Row } from './make-table-rows.ts'
import { scenariosIn } from './scenarios.ts'
import type { RowCheck, TableNeeds } from './table-needs.ts'
import { splitType, type TypeValues } from './type-values.ts'

/** Combinations that Postgres is asked to judge, and those that are kept. */
const combinationsMax = 20_000
const keptMax = 80

// What conditions on text tend to ask for: a length, letters or digits only, a code, an address, a colour.
const texts = [
  '',
  'a',
  'ab',
  'ABC',
  'abcd',
  '12345',
  'abc-def',
  'abc_def',
  'en-US',
  'a@example.com',
  'https://example.com/a',
  '#aabbcc',
  '+12025550123',
  '2001-02-03',
  'A1B2C3D4',
  '0123456789abcdef0123456789abcdef',
  'x'.repeat(64),
  '{}',
]
const numbers = ['0', '1', '2', '5', '10', '12', '50', '100', '1000', '-1', '0.5']

/**
 * Returns combinations of values that satisfy the table's checks, a list for each group of columns that checks connect.
 * A group for which none is found is left out: its rows are tried as they come.
 */
export async function solveChecks(
  client: Client,
  catalog: Catalog,
  types: TypeValues,
  needs: TableNeeds,
  values: Map<string, ColumnValues>,
  parents: Map<string, Row[]>,
): Promise<Row[][]> {
  const solved: Row[][] = []
  for (const checks of connected(needs.checks)) {
    const columns = [...new Set(checks.flatMap((check) => check.columns))]
    const columnMax = Math.max(2, Math.floor(combinationsMax ** (1 / Math.max(columns.length, 1))))
    const candidates = columns.map((column) =>
      candidatesFor(catalog, types, needs, column, checks, values, parents).slice(0, columnMax),
    )
    const found = await askPostgres(client, catalog, needs, columns, candidates, checks)
    if (found.length > 0) {
      solved.push(found)
    }
  }
  return solved
}

/** Groups the checks that share columns. */
function connected(checks: RowCheck[]): RowCheck[][] {
  const groups: RowCheck[][] = []
  for (const check of checks.filter((one) => one.columns.length > 0)) {
    const touching = groups.filter((group) =>
      group.some((one) => one.columns.some((column) => check.columns.includes(column))),
    )
    for (const group of touching) {
      groups.splice(groups.indexOf(group), 1)
    }
    groups.push([...touching.flat(), check])
  }
  return groups
}

function candidatesFor(
  catalog: Catalog,
  types: TypeValues,
  needs: TableNeeds,
  name: string,
  checks: RowCheck[],
  values: Map<string, ColumnValues>,
  parents: Map<string, Row[]>,
): (string | null)[] {
  const column = needs.relation.columns.find((candidate) => candidate.name === name)
  if (column === undefined) {
    return []
  }
  const nothing = needs.isNotNull(name) ? [] : [null]
  const key = needs.foreignKeys.find((one) => one.columns.includes(name))
  if (key !== undefined && key.parent !== needs.key) {
    const parentColumn = key.parentColumns[key.columns.indexOf(name)] ?? ''
    const [first, ...rest] = (parents.get(key.parent) ?? [])
      .map((row) => row[parentColumn])
      .filter((value) => typeof value === 'string')
    return [...new Set([...(first === undefined ? [] : [first]), ...nothing, ...rest])]
  }
  const source = values.get(name)
  const literals = checks
    .flatMap((check) => scenariosIn(parseSql(`SELECT ${check.expression}`)))
    .map((scenario) => scenario[name])
    .map((value) => (typeof value === 'string' ? fit(catalog, types, column, value) : undefined))
  const base = splitType(baseType(catalog, column.type)).name
  const generic = (
    /^(text|character)/.test(base) ? texts : /^(smallint|integer|bigint|numeric|real|double)/.test(base) ? numbers : []
  ).map((value) => fit(catalog, types, column, value))
  const made = Array.from({ length: 12 }, (_, number) => source?.value(number))
  const [first, ...rest] = [...(source?.wanted ?? []), ...literals, ...interleave(made, generic)].filter(
    (value) => value !== undefined,
  )
  return [...new Set([...(first === undefined ? [] : [first]), ...nothing, ...rest])]
}

function interleave<T>(some: T[], others: T[]): T[] {
  return Array.from({ length: Math.max(some.length, others.length) }).flatMap((_, at) => [some[at], others[at]] as T[])
}

async function askPostgres(
  client: Client,
  catalog: Catalog,
  needs: TableNeeds,
  columns: string[],
  candidates: (string | null)[][],
  checks: RowCheck[],
): Promise<Row[]> {
  const sources = columns.map((name, position) => {
    const type = needs.relation.columns.find((column) => column.name === name)?.type ?? 'text'
    const list = (candidates[position] ?? []).map((value) => (value === null ? 'NULL' : quoteLiteral(value)))
    // The domain's own conditions are among the checks; a cast to it would raise instead of answering.
    return `(SELECT v::${baseType(catalog, type)} AS ${quoteIdentifier(name)} FROM unnest(ARRAY[${list.join(', ')}]::text[]) AS v) AS s${position}`
  })
  const selected = columns.map((name, position) => `${quoteIdentifier(name)}::text AS c${position}`).join(', ')
  const conditions = checks.map((check) => `(${check.expression}) IS NOT FALSE`).join(' AND ')
  const query = `SELECT * FROM (SELECT ${selected} FROM ${sources.join(' CROSS JOIN ')} WHERE ${conditions}) AS r
    ORDER BY md5(r::text) LIMIT ${keptMax}`
  try {
    const results = (await client.query(
      `SAVEPOINT freehold_check;\n${query};\nRELEASE SAVEPOINT freehold_check`,
    )) as unknown as { rows: Record<string, string | null>[] }[]
    const found = results[1]?.rows ?? []
    return found.map((row) => Object.fromEntries(columns.map((name, position) => [name, row[`c${position}`] ?? null])))
  } catch (error) {
    if (sqlstateOf(error) === undefined) {
      throw error
    }
    await client.query('ROLLBACK TO SAVEPOINT freehold_check; RELEASE SAVEPOINT freehold_check')
    return []
  }
}
