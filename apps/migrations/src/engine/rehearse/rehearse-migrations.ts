/**
 * Runs the pending migrations plainly on a shadow, statement by statement, and records what Postgres does. The shadow
 * that it leaves behind is the plain side of the proof.
 */
import { type Client, sqlstateOf, sqlstates } from '@freehold/postgres'
import type { Catalog } from '../inspect/catalog.ts'
import { compareCatalogs } from '../inspect/compare-catalogs.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import { revertDifference } from '../inspect/revert-catalog.ts'
import type { Statement, Unit } from '../parse/statement.ts'
import { isOwnTransaction, needsCatalogDifference } from '../plan/statement-kinds.ts'
import { kindOf, rangeVarsOf } from '../plan/syntax.ts'
import { namedRelations } from './named-relations.ts'
import type { Observation, ObservedError, RelationName, SchemaChanges } from './observation.ts'
import {
  afterCommit,
  type Baseline,
  describeChange,
  lookAtTransaction,
  type Moment,
  type SeenChange,
  toObservedError,
  withCounters,
} from './observe.ts'
import { lockModeByRule } from './own-transaction-locks.ts'
import { narrowToPart } from './part-locks.ts'
import { isServerWide } from './server-wide.ts'
import { type SessionStatements, sessionStatements, setStatementOf } from './session-statements.ts'
import { unrollBlock } from './unroll-block.ts'

/** One statement and its units, each with what was seen. */
export interface RehearsedStatement {
  statement: Statement
  /** Of the statement as written, whole. */
  observation: Observation
  units: RehearsedUnit[]
}

export interface RehearsedUnit {
  unit: Unit
  observation: Observation
}

export interface Rehearsal {
  statements: RehearsedStatement[]
  /** The schema after the plain run. */
  after: Catalog
  /** The first statement that failed; those behind it were not run. */
  failure: RehearsalFailure | null
}

export interface RehearsalFailure {
  statement: Statement
  error: ObservedError
  /** The tables that the statement names, a foreign key's both sides, and the one that the error is about. */
  relations: RelationName[]
}

export interface RehearsalOptions {
  /** Tells whether the run goes on behind a statement that failed. */
  isTolerated(statement: Statement, error: ObservedError): boolean
  /** The catalog of the client's database, where the caller has read it; spares a read. */
  before?: Catalog
}

const nothingSeen: Observation = {
  locks: [],
  rewrites: [],
  indexBuilds: [],
  scans: [],
  rowsTouched: null,
  createdConstraints: [],
  createdIndexes: [],
  createdRelations: [],
  revert: null,
  changes: null,
  byRule: false,
  error: null,
}

/** What is carried from one statement to the next. */
interface Course {
  client: Client
  baseline: Baseline
  session: SessionStatements
  /** The state in which the next transaction starts. */
  now: Moment
  /** The catalog in which the next statement starts, if nothing has changed since it was read. */
  catalog: Catalog | undefined
}

/** Returns what each statement and each of its units did; the client's database is left in the plain run's end state. */
export async function rehearseMigrations(
  client: Client,
  statements: { statement: Statement; units: Unit[] }[],
  options: RehearsalOptions,
): Promise<Rehearsal> {
  if (statements.some(({ statement }) => rangeVarsOf(statement.node).some((name) => name.schemaname === 'freehold'))) {
    // Temporary tables are kept there for as long as their migration runs (persist-temporary.ts).
    await client.query('CREATE SCHEMA IF NOT EXISTS freehold')
  }
  const now = afterCommit(await lookAtTransaction(client))
  const baseline = new Set(now.relations.keys())
  const course: Course = { client, baseline, session: sessionStatements(client), now, catalog: options.before }
  const rehearsed: RehearsedStatement[] = []
  let failure: RehearsalFailure | null = null
  let migrationId: string | undefined
  for (const { statement, units } of statements) {
    if (statement.migrationId !== migrationId) {
      await course.session.endTransaction()
      migrationId = statement.migrationId
    }
    const done = await rehearseStatement(course, statement, units)
    rehearsed.push(done)
    const { error } = done.observation
    if (error !== null && !options.isTolerated(statement, error)) {
      failure = { statement, error, relations: await namedRelations(client, statement.node, error) }
      break
    }
  }
  await course.session.endTransaction()
  return { statements: rehearsed, after: course.catalog ?? (await readCatalog(client)), failure }
}

async function rehearseStatement(course: Course, statement: Statement, units: Unit[]): Promise<RehearsedStatement> {
  if (isServerWide(statement.node)) {
    const message = 'a statement that reaches beyond its database cannot be rehearsed'
    return alike(statement, units, {
      ...nothingSeen,
      error: { sqlstate: '0A000', message, position: null, relation: null },
    })
  }
  const set = setStatementOf(statement)
  if (set !== undefined) {
    return alike(statement, units, await observeSession(() => course.session.run(statement, set)))
  }
  if (kindOf(statement.node) === 'TransactionStmt') {
    await course.session.endTransaction()
    return { statement, observation: nothingSeen, units: [] }
  }
  if (isOwnTransaction(statement.node)) {
    return alike(statement, units, await observeOutside(course, statement))
  }
  const unrolled = await unrollBlock(course.client, statement)
  const cut = unrolled ?? units
  const parts = cut.length === 1 && cut[0]?.wholeStatement === true ? undefined : await rehearseParts(course, cut)
  const compared = parts === undefined && units.some((unit) => needsCatalogDifference(unit.node))
  const before = compared ? await catalogOf(course) : undefined
  const { wroteRows, ...alone } = await observeAlone(course, statement)
  // A CALL or DO that ends transactions of its own fails with it inside of one.
  const endsTransactions = alone.error?.sqlstate === sqlstates.invalidTransactionTermination
  const observation = endsTransactions ? await observeOutside(course, statement) : alone
  if (before !== undefined && observation.error === null) {
    const after = await catalogOf(course)
    observation.revert = revertDifference(before, after)
    observation.changes = changesOf(before, after, wroteRows || endsTransactions)
  }
  if (parts !== undefined) {
    return { statement, observation, units: parts }
  }
  const whole = units[0] as Unit
  // A statement whose parts do not run one after the other is carried out whole.
  const unit: Unit = units.length === 1 ? whole : { ...whole, ...asWhole(statement) }
  return { statement, observation, units: [{ unit, observation }] }
}

function alike(statement: Statement, units: Unit[], observation: Observation): RehearsedStatement {
  return { statement, observation, units: units.map((unit) => ({ unit, observation })) }
}

function asWhole(statement: Statement): Partial<Unit> {
  return { part: 0, parts: 1, sql: statement.sql, node: statement.node, wholeStatement: true }
}

async function catalogOf(course: Course): Promise<Catalog> {
  course.catalog ??= await readCatalog(course.client)
  return course.catalog
}

function changesOf(before: Catalog, after: Catalog, wroteRows: boolean): SchemaChanges {
  const differences = compareCatalogs(before, after)
  return {
    created: differences.some((difference) => difference.what === 'unexpected'),
    removed: differences.filter(({ what }) => what === 'missing').map(({ object }) => object),
    changedOrRemoved: differences.some((difference) => difference.what !== 'unexpected'),
    data: wroteRows,
  }
}

async function observeSession(run: () => Promise<void>): Promise<Observation> {
  try {
    await run()
    return nothingSeen
  } catch (error) {
    return { ...nothingSeen, error: toObservedError(error) }
  }
}

async function observeOutside(course: Course, statement: Statement): Promise<Observation> {
  const { client, baseline } = course
  const before = course.now
  // Read before it runs: afterwards an index that it drops has no table any more.
  const named = await namedRelations(client, statement.node)
  try {
    await client.query(statement.sql)
  } catch (error) {
    await refresh(course)
    return { ...nothingSeen, byRule: true, error: toObservedError(error) }
  }
  await refresh(course)
  const { wroteRows: _, ...change } = await describeChange(client, baseline, before, course.now)
  const existed = named.filter(({ schema, name }) =>
    [...before.relations].some(
      ([oid, relation]) => baseline.has(oid) && relation.schema === schema && relation.name === name,
    ),
  )
  const locks = existed.flatMap((relation) => {
    const mode = lockModeByRule(statement.node, relation)
    return mode === undefined ? [] : [{ ...relation, mode }]
  })
  return { ...nothingSeen, ...change, locks, scans: change.indexBuilds, byRule: true }
}

/** Takes the state anew where a statement did not say what it left behind. */
async function refresh(course: Course): Promise<void> {
  course.catalog = undefined
  course.now = afterCommit(await lookAtTransaction(course.client))
}

/** Runs the parts one after the other in a transaction that is rolled back; undefined when one of them fails. */
async function rehearseParts(course: Course, units: Unit[]): Promise<RehearsedUnit[] | undefined> {
  const { client, baseline } = course
  const compared = units.some((unit) => needsCatalogDifference(unit.node))
  let catalog = compared ? await catalogOf(course) : undefined
  const rehearsed: RehearsedUnit[] = []
  await client.query('BEGIN')
  try {
    let before = await withCounters(client, course.now)
    for (const unit of units) {
      const result = await client.query(unit.sql)
      const after = await lookAtTransaction(client)
      const { wroteRows, ...change } = await describeChange(client, baseline, before, after)
      const locks = narrowToPart(unit.node, change.locks, before, after)
      const observation: Observation = { ...nothingSeen, ...change, locks, rowsTouched: result.rowCount }
      if (catalog !== undefined) {
        const next = await readCatalog(client, { insideTransaction: true })
        if (needsCatalogDifference(unit.node)) {
          observation.revert = revertDifference(catalog, next)
          observation.changes = changesOf(catalog, next, wroteRows)
        }
        catalog = next
      }
      rehearsed.push({ unit, observation })
      before = after
    }
    return rehearsed
  } catch (error) {
    if (sqlstateOf(error) === undefined) {
      throw error
    }
    return undefined
  } finally {
    await client.query('ROLLBACK')
  }
}

async function observeAlone(course: Course, { sql }: Statement): Promise<Observation & { wroteRows: boolean }> {
  const { client, baseline } = course
  await client.query('BEGIN')
  try {
    const before = await withCounters(client, course.now)
    const result = await client.query(sql)
    const after = await lookAtTransaction(client)
    const change: SeenChange = await describeChange(client, baseline, before, after)
    await client.query('COMMIT')
    course.now = afterCommit(after)
    course.catalog = undefined
    return { ...nothingSeen, ...change, rowsTouched: result.rowCount ?? null }
  } catch (error) {
    await client.query('ROLLBACK')
    if (sqlstateOf(error) === undefined) {
      throw error
    }
    return { ...nothingSeen, wroteRows: false, error: toObservedError(error) }
  }
}
