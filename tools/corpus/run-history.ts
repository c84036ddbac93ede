/**
 * Runs one history of the corpus, a migration at a time: plainly on one database, by Freehold on a copy of it, both
 * with rows in every table, and compares the two.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { baseline, type DeployOutcome, deploy, Problem, resolve } from '@freehold/migrations/engine'
import {
  type Catalog,
  compareCatalogs,
  compareContents,
  findVolatileColumns,
  makeRows,
  parseMigration,
  readCatalog,
} from '@freehold/migrations/testing'
import { type Client, connect, quoteIdentifier } from '@freehold/postgres'
import type { Server } from '@freehold/postgres/embedded'
import { type Bench, createDatabase, dropDatabase, open, owner, runPlainly, targetOf } from './bench.ts'
import type { CorpusMigration, History } from './corpus.ts'
import type { MigrationResult } from './result.ts'
import { deployUnderWrites, findWrites, playOn, writtenByTriggers } from './under-writes.ts'

export interface RunHistoryOptions {
  history: History
  server: Server
  /** Positions of the migrations to judge; the others are only run plainly. */
  isJudged(position: number): boolean
  /** An application writes rows of its own meanwhile. */
  writers: boolean
  onResult(result: MigrationResult): void
}

/** Judges the history's migrations in order. */
export async function runHistory(options: RunHistoryOptions): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-corpus-'))
  const admin = await connect({ connectionString: options.server.url(), applicationName: 'freehold corpus' })
  const suffix = options.history.name.replaceAll(/\W/g, '_').toLowerCase().slice(0, 40)
  const bench: Bench = {
    folder,
    admin,
    plain: `plain_${suffix}`,
    online: `online_${suffix}`,
    before: `before_${suffix}`,
    scratch: `scratch_${suffix}`,
    server: options.server,
    writers: options.writers,
    known: undefined,
  }
  try {
    await admin
      .query(`DO $$ BEGIN CREATE ROLE ${owner} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
      .catch(() => {})
    await createDatabase(bench, bench.plain)
    await writeFile(path.join(folder, 'migration_lock.toml'), options.history.migrationLock)
    const { migrations } = options.history
    const last = migrations.findLastIndex((_, position) => options.isJudged(position))
    let areUnentered = false
    for (const [position, migration] of migrations.slice(0, last + 1).entries()) {
      const isJudged = options.isJudged(position)
      if (isJudged && areUnentered) {
        await baseline(targetOf(bench, bench.plain))
      }
      await mkdir(path.join(folder, migration.id), { recursive: true })
      await writeFile(path.join(folder, migration.id, 'migration.sql'), migration.sql)
      if (isJudged) {
        options.onResult(await judge(bench, options.history.name, migration))
      } else {
        await runOnRowsOrWithout(bench, migration)
      }
      areUnentered = !isJudged
    }
  } finally {
    await dropDatabase(admin, bench.plain)
    await dropDatabase(admin, bench.online)
    await dropDatabase(admin, bench.before)
    await dropDatabase(admin, bench.scratch)
    await admin.end()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Brings the plain database past a migration that is not judged. */
async function runOnRowsOrWithout(bench: Bench, migration: CorpusMigration): Promise<void> {
  if ((await runPlainly(bench, bench.plain, migration)) !== null) {
    await emptyTables(bench)
    await runPlainly(bench, bench.plain, migration)
  }
}

async function enterAsApplied(bench: Bench, database: string, migration: CorpusMigration): Promise<void> {
  await resolve(targetOf(bench, database), { applied: migration.id })
}

async function judge(bench: Bench, history: string, migration: CorpusMigration): Promise<MigrationResult> {
  const startedAt = Date.now()
  const result: MigrationResult = {
    history,
    id: migration.id,
    outcome: 'wrong',
    onEmptied: false,
    enteredAsApplied: false,
    sqlstate: null,
    statementsByMechanism: {},
    refusals: [],
    warnings: [],
    notExercised: 0,
    writes: 0,
    tablesNotCompared: 0,
    tablesWithoutRows: 0,
    message: null,
    ms: 0,
  }
  try {
    result.tablesWithoutRows = await fillEmptyTables(bench, migration)
    await tryBoth(bench, migration, result)
    if (result.outcome === 'failsAlike') {
      await emptyTables(bench)
      result.onEmptied = true
      const first = result.sqlstate
      await tryBoth(bench, migration, result)
      // What fails without rows too fails alike; its first SQLSTATE was compared already.
      result.enteredAsApplied = (result as MigrationResult).outcome === 'failsAlike'
      result.sqlstate = first
    }
  } catch (error) {
    result.outcome = 'wrong'
    result.message = error instanceof Error ? (error.stack ?? error.message).slice(0, 1500) : String(error)
  }
  await enterAsApplied(bench, bench.plain, migration).catch((error: unknown) => {
    result.outcome = 'wrong'
    result.message ??= String(error)
  })
  result.ms = Date.now() - startedAt
  return result
}

/** Makes rows in tables that hold none; returns how many stay empty. */
async function fillEmptyTables(bench: Bench, next: CorpusMigration): Promise<number> {
  const client = await open(bench, bench.plain)
  try {
    const catalog = bench.known ?? (await readCatalog(client))
    const tables = await findEmpty(client, catalog)
    const statements = await parseMigration({ id: next.id, checksum: '', sql: next.sql }).catch(() => [])
    const { empty } = await makeRows(client, catalog, { tables, statements, seed: 7, rowsPerTable: 8 })
    return empty.length
  } finally {
    await client.end()
  }
}

async function findEmpty(client: Client, { relations }: Catalog): Promise<{ schema: string; name: string }[]> {
  const tables = relations.filter(({ kind, partition }) => kind === 'table' && partition === null)
  const asked = tables.map(({ schema, name }) => {
    return `NOT EXISTS (SELECT FROM ${quoteIdentifier(schema)}.${quoteIdentifier(name)})`
  })
  const { rows } = await client.query<{ empty: boolean[] }>(`SELECT ARRAY[${asked.join(', ')}]::boolean[] AS empty`)
  return tables.filter((_, position) => rows[0]?.empty[position] === true)
}

async function emptyTables(bench: Bench): Promise<void> {
  const client = await open(bench, bench.plain)
  try {
    const catalog = await readCatalog(client)
    const names = catalog.relations
      .filter(({ kind }) => kind === 'table' || kind === 'partitionedTable')
      .map(({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`)
    if (names.length > 0) {
      await client.query(`TRUNCATE ${names.join(', ')} CASCADE`)
    }
  } finally {
    await client.end()
  }
}

/** Runs the migration on both databases from one state and writes into the result what came of it. */
async function tryBoth(bench: Bench, migration: CorpusMigration, result: MigrationResult): Promise<void> {
  await createDatabase(bench, bench.online, bench.plain)
  const commits = /\bcommit\b/i.test(migration.sql)
  const writes = bench.writers && !commits ? await findWrites(bench, migration) : []
  if (commits) {
    await createDatabase(bench, bench.before, bench.plain)
  }
  const nowFrom = new Date(Date.now() - 1000)
  await playOn(bench, bench.plain, writes)
  result.writes = writes.length
  const plainState = await runPlainly(bench, bench.plain, migration)
  let outcome: DeployOutcome | undefined
  let problem: Problem | undefined
  try {
    outcome = await (writes.length === 0
      ? deploy(targetOf(bench, bench.online), { phase: 'all', completePrevious: false, maxLockMs: 100 })
      : deployUnderWrites(bench, writes))
  } catch (error) {
    if (!(error instanceof Problem)) {
      throw error
    }
    problem = error
  }
  count(result, outcome)
  if (plainState === null && outcome !== undefined) {
    await expectEqual(bench, migration, result, nowFrom)
    return
  }
  result.refusals = (problem?.details.refusals ?? []).map(({ why, reason, sql }) => ({
    why,
    reason,
    sql: sql.slice(0, 400),
  }))
  const isOnlyRefused =
    result.refusals.length > 0 && result.refusals.some(({ why }) => why === 'twin' || why === 'rule')
  if (plainState === null) {
    result.outcome =
      isOnlyRefused && result.refusals.every(({ why }) => why === 'twin' || why === 'rule') ? 'refused' : 'wrong'
    result.message =
      problem === undefined
        ? null
        : `${problem.message} ${result.refusals.map(({ reason }) => reason).join('; ')} ${(problem.details.lines ?? []).join('; ')}`
    return
  }
  const states = [problem?.details.sqlstate, ...(problem?.details.refusals ?? []).map(({ sqlstate }) => sqlstate)]
  result.sqlstate = plainState
  if (problem === undefined || !(states.includes(plainState) || isOnlyRefused)) {
    result.message = `plainly ${plainState}, by Freehold ${problem === undefined ? 'done' : `${states.join(', ')}: ${problem.message}`}`
    result.outcome = 'wrong'
    return
  }
  // A file is one implicit transaction, so the plain side is as it was before, and so must the other be. What a COMMIT of
  // the file's own has left behind on the plain side is nobody's wish.
  if (commits) {
    await createDatabase(bench, bench.plain, bench.before)
  }
  await expectEqual(bench, migration, result, nowFrom)
  result.outcome = result.outcome === 'equal' ? 'failsAlike' : 'wrong'
}

function count(result: MigrationResult, outcome: DeployOutcome | undefined): void {
  for (const statement of outcome?.plan?.statements ?? []) {
    result.statementsByMechanism[statement.mechanism] = (result.statementsByMechanism[statement.mechanism] ?? 0) + 1
  }
  result.warnings = outcome?.plan?.warnings ?? []
  result.notExercised = outcome?.plan?.proof?.exercised.filter(({ rows }) => rows === 0).length ?? 0
}

async function expectEqual(
  bench: Bench,
  migration: CorpusMigration,
  result: MigrationResult,
  nowFrom: Date,
): Promise<void> {
  const plain = await open(bench, bench.plain)
  const online = await open(bench, bench.online)
  try {
    const expected = await readCatalog(plain)
    bench.known = expected
    const differences = compareCatalogs(expected, await readCatalog(online))
    // What does not parse has run on neither side.
    const statements = await parseMigration({ id: migration.id, checksum: '', sql: migration.sql }).catch(() => [])
    const volatile = findVolatileColumns(statements, expected)
    const notCompared = result.writes === 0 ? new Set<string>() : writtenByTriggers(expected)
    result.tablesNotCompared = notCompared.size
    const contents = differences.length > 0 ? [] : await compareContents(plain, online, expected, { volatile, nowFrom })
    // Numbers that a failed run gave out do not come back, and Freehold may have refused before it gave out any.
    const numbered =
      result.sqlstate === null ? contents : contents.filter(({ object }) => !object.startsWith('sequence '))
    const all = [...differences, ...numbered.filter(({ object }) => !notCompared.has(object))]
    result.outcome = all.length === 0 ? 'equal' : 'wrong'
    if (all.length > 0) {
      const shown = all
        .slice(0, 3)
        .map(({ object, what, expected: wanted, found }) => `${object} (${what}): ${wanted} / ${found}`)
      result.message = `${all.length} differences: ${shown.join('; ').slice(0, 1200)}`
    }
  } finally {
    await plain.end()
    await online.end()
  }
}
