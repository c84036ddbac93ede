/**
 * Makes rows that satisfy a schema's constraints, for tables of a shadow: few, deterministic, and such that the pending
 * statements find rows on both sides of their conditions. No row of the live database is ever looked at.
 */
import { type Client, quoteIdentifier, quoteLiteral, quoteQualified, sqlstateOf } from '@freehold/postgres'
import type { Catalog, Relation } from '../inspect/catalog.ts'
import type { Statement } from '../parse/statement.ts'
import { printedNames } from '../prove/find-type.ts'
import type { RelationName } from './observation.ts'
import { columnValues, tableScenarios } from './rows/column-values.ts'
import { insertSingly, insertTogether } from './rows/insert-rows.ts'
import { makeTableRows, type Row, type RowSources } from './rows/make-table-rows.ts'
import { type FillOrder, orderTables } from './rows/order-tables.ts'
import { pendingHints } from './rows/pending-hints.ts'
import { randomFrom } from './rows/random.ts'
import { solveChecks } from './rows/solve-checks.ts'
import { type ForeignKey, type TableNeeds, tableKey, tableNeeds } from './rows/table-needs.ts'
import { type TypeValues, typeValues } from './rows/type-values.ts'

export interface MakeRowsOptions {
  /** The tables to fill; a partition stands for the table that it is a part of. */
  tables: RelationName[]
  /** The pending statements, whose constants and constraints the rows are made for. */
  statements: Statement[]
  seed: number
  rowsPerTable: number
}

export interface MadeRows {
  /** How many rows each table was given, by `schema.name`. */
  made: Map<string, number>
  /** Tables of those asked for that hold no row. */
  empty: RelationName[]
}

const rowsMin = 5
const rowsMax = 12
/** Rows of a parent that its children choose from. */
const parentRowsMax = 40

/** Fills the tables in one transaction of the client's. All dates lie in 2001 to 2010. */
export async function makeRows(client: Client, catalog: Catalog, options: MakeRowsOptions): Promise<MadeRows> {
  const hints = pendingHints(options.statements)
  const wanted = rootsOf(catalog, options.tables)
  const needs = wanted.map((relation) => tableNeeds(catalog, relation, hints.get(relation.name)))
  const order = orderTables(needs)
  const filling = new Filling(client, catalog, options, order)
  await client.query('BEGIN; SET CONSTRAINTS ALL IMMEDIATE')
  try {
    await filling.run()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
  return { made: filling.made, empty: await findEmpty(client, catalog, options.tables) }
}

/** Returns the tables that rows are inserted into. */
function rootsOf(catalog: Catalog, names: RelationName[]): Relation[] {
  const byKey = new Map(catalog.relations.map((relation) => [tableKey(relation), relation]))
  const roots = new Map<string, Relation>()
  for (const name of names) {
    let relation = byKey.get(tableKey(name))
    while (relation?.partition !== null && relation !== undefined) {
      const parent = relation.partition.of
      relation = catalog.relations.find((candidate) => printedNames(candidate).includes(parent))
    }
    if (relation?.kind === 'table' || relation?.kind === 'partitionedTable') {
      roots.set(tableKey(relation), relation)
    }
  }
  return [...roots.values()]
}

async function findEmpty(client: Client, catalog: Catalog, names: RelationName[]): Promise<RelationName[]> {
  const tables = names.filter((name) =>
    catalog.relations.some(
      (relation) =>
        tableKey(relation) === tableKey(name) && (relation.kind === 'table' || relation.kind === 'partitionedTable'),
    ),
  )
  const hasRows = await haveRows(client, tables)
  return tables.filter((_, position) => !hasRows[position])
}

async function haveRows(client: Client, tables: RelationName[]): Promise<boolean[]> {
  if (tables.length === 0) {
    return []
  }
  const asked = tables.map(({ schema, name }) => `EXISTS (SELECT FROM ${quoteQualified(schema, name)})`)
  const { rows } = await client.query<{ found: boolean[] }>(`SELECT ARRAY[${asked.join(',\n')}] AS found`)
  return rows[0]?.found ?? []
}

class Filling {
  readonly made = new Map<string, number>()
  private readonly client: Client
  private readonly catalog: Catalog
  private readonly options: MakeRowsOptions
  private readonly order: FillOrder
  private readonly types: TypeValues
  /** Rows by table, with the columns that foreign keys refer to. */
  private readonly rows = new Map<string, Row[]>()
  private readonly referenced = new Map<string, Set<string>>()

  constructor(client: Client, catalog: Catalog, options: MakeRowsOptions, order: FillOrder) {
    this.client = client
    this.catalog = catalog
    this.options = options
    this.order = order
    this.types = typeValues(catalog)
    for (const key of order.tables.flatMap((table) => table.foreignKeys)) {
      this.referenced.set(key.parent, new Set([...(this.referenced.get(key.parent) ?? []), ...key.parentColumns]))
    }
  }

  async run(): Promise<void> {
    const filled = await haveRows(
      this.client,
      this.order.tables.map((table) => table.relation),
    )
    const keys = new Set(this.order.tables.map((table) => table.key))
    const parents = [...this.referenced.keys()].filter((key) => !keys.has(key))
    await this.readParents([
      ...parents,
      ...this.order.tables.filter((_, position) => filled[position]).map((table) => table.key),
    ])
    for (const [position, needs] of this.order.tables.entries()) {
      this.predictParents(needs)
      await this.fill(needs, filled[this.order.tables.indexOf(needs)] === true ? 500 + position : 0)
    }
    for (const needs of this.order.tables) {
      for (const key of needs.foreignKeys.filter((one) => this.order.late.has(one))) {
        await this.setLate(needs, key)
      }
    }
    await this.advanceSequences()
    await this.refreshViews()
  }

  private async readParents(keys: string[]): Promise<void> {
    for (const key of keys) {
      const columns = [...(this.referenced.get(key) ?? [])]
      if (columns.length > 0) {
        const [schema, name] = JSON.parse(key) as [string, string]
        const list = columns
          .map((column) => `${quoteIdentifier(column)}::text AS ${quoteIdentifier(column)}`)
          .join(', ')
        const { rows } = await this.client.query<Row>(
          `SELECT ${list} FROM ${quoteQualified(schema, name)} ORDER BY 1 LIMIT ${parentRowsMax}`,
        )
        this.rows.set(key, rows)
      }
    }
  }

  /** Of a parent that is filled later, the keys that its rows are going to have. */
  private predictParents(needs: TableNeeds): void {
    for (const key of needs.foreignKeys.filter((one) => this.order.deferred.has(one))) {
      const parent = this.order.tables.find((table) => table.key === key.parent)
      if (parent !== undefined && !this.rows.has(parent.key)) {
        const random = randomFrom(`${this.options.seed} ${parent.key}`)
        const values = this.valuesOf(parent, random)
        const rows = Array.from({ length: this.options.rowsPerTable }, (_, number) =>
          Object.fromEntries(key.parentColumns.map((column) => [column, values.get(column)?.value(number) ?? null])),
        )
        this.rows.set(parent.key, rows)
      }
    }
  }

  private valuesOf(needs: TableNeeds, random: () => number): RowSources['values'] {
    return new Map(
      needs.columns.map((column) => [column.name, columnValues(this.catalog, this.types, needs, column, random)]),
    )
  }

  /** Enough rows for what statements ask for, and two beside them. */
  private countOf(scenarios: Row[]): number {
    return Math.min(rowsMax, Math.max(rowsMin, this.options.rowsPerTable, scenarios.length + 2))
  }

  private async fill(needs: TableNeeds, offset: number): Promise<void> {
    const random = randomFrom(`${this.options.seed} ${needs.key}`)
    const values = this.valuesOf(needs, random)
    const groups = await solveChecks(this.client, this.catalog, this.types, needs, values, this.rows)
    const { late } = this.order
    const scenarios = tableScenarios(this.catalog, this.types, needs).slice(0, rowsMax - 2)
    const count = this.countOf(scenarios)
    const sources: RowSources = { needs, random, values, parents: this.rows, groups, late, scenarios, count, offset }
    const inserted = await this.insert(sources)
    const earlier = offset > 0 ? (this.rows.get(needs.key) ?? []) : []
    this.rows.set(needs.key, [...earlier, ...inserted])
    this.made.set(`${needs.relation.schema}.${needs.relation.name}`, inserted.length)
  }

  private async insert(sources: RowSources): Promise<Row[]> {
    const { needs } = sources
    const returning = [...(this.referenced.get(needs.key) ?? [])]
    const waits = needs.foreignKeys.some((key) => this.order.deferred.has(key))
    if (waits) {
      await this.client.query('SET CONSTRAINTS ALL DEFERRED')
    }
    const rows = makeTableRows(sources)
    if (rows.length === 0) {
      return []
    }
    const together = await insertTogether(this.client, needs, rows, returning)
    if (together !== undefined) {
      return together
    }
    const singly: Row[] = []
    for (let attempt = 0; attempt < 4 && singly.length < sources.count / 2; attempt += 1) {
      const next = attempt === 0 ? rows : makeTableRows(sources, attempt)
      singly.push(...(await insertSingly(this.client, needs, next, returning)))
    }
    if (singly.length > 0) {
      return singly
    }
    const past = await insertTogether(this.client, needs, rows, returning, 'pastTriggers')
    return past ?? (await insertSingly(this.client, needs, rows, returning, 'pastTriggers'))
  }

  /** Points some of the rows of a cycle's table at parents, which are there by now. */
  private async setLate(needs: TableNeeds, key: ForeignKey): Promise<void> {
    const parents = this.rows.get(key.parent) ?? []
    if (parents.length === 0) {
      return
    }
    const table = quoteQualified(needs.relation.schema, needs.relation.name)
    const { rows } = await this.client.query<{ at: string }>(
      `SELECT ctid::text AS at FROM ${table} ORDER BY 1 LIMIT ${rowsMax}`,
    )
    for (const [position, { at }] of rows.entries()) {
      const parent = parents[position % parents.length] as Row
      const values = key.parentColumns.map((column) => parent[column])
      if (position % 2 === 0 && values.every((value) => typeof value === 'string')) {
        const set = key.columns.map(
          (column, index) => `${quoteIdentifier(column)} = ${quoteLiteral(values[index] as string)}`,
        )
        await this.tryOut(`UPDATE ${table} SET ${set.join(', ')} WHERE ctid = ${quoteLiteral(at)}`)
      }
    }
  }

  private async advanceSequences(): Promise<void> {
    const statements: string[] = []
    for (const needs of this.order.tables) {
      for (const [column, sequence] of needs.sequences) {
        if ((this.made.get(`${needs.relation.schema}.${needs.relation.name}`) ?? 0) > 0) {
          const name = quoteQualified(sequence.schema, sequence.name)
          const furthest = sequence.increment.startsWith('-') ? 'least(min' : 'greatest(max'
          const table = quoteQualified(needs.relation.schema, needs.relation.name)
          statements.push(
            `SELECT setval(${quoteLiteral(name)}, ${furthest}(t.${quoteIdentifier(column)}), max(s.last_value))) FROM ${table} AS t, ${name} AS s`,
          )
        }
      }
    }
    if (statements.length > 0 && !(await this.tryOut(statements.join(';\n')))) {
      for (const statement of statements) {
        await this.tryOut(statement)
      }
    }
  }

  private async refreshViews(): Promise<void> {
    for (const relation of this.catalog.relations) {
      if (relation.kind === 'materializedView' && relation.populated === true) {
        await this.tryOut(`REFRESH MATERIALIZED VIEW ${quoteQualified(relation.schema, relation.name)}`)
      }
    }
  }

  /** Runs SQL that may fail; tells whether it did not. */
  private async tryOut(sql: string): Promise<boolean> {
    try {
      await this.client.query(`SAVEPOINT freehold_try;\n${sql};\nRELEASE SAVEPOINT freehold_try`)
      return true
    } catch (error) {
      if (sqlstateOf(error) === undefined) {
        throw error
      }
      await this.client.query('ROLLBACK TO SAVEPOINT freehold_try; RELEASE SAVEPOINT freehold_try')
      return false
    }
  }
}
