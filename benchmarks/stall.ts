// The longest wait of any caller while a table of a million rows is migrated, beside that of the same run without it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type DurableServer, startDurableServer, withClient } from '../tools/durable-server.ts'
import { buildPrograms, median, programs, round, runProgram, writeResults } from './measure.ts'
import { type Callers, type Sample, startCallers } from './stall/callers.ts'
import { baseMigration, type Case, cases, fillRows, rows } from './stall/cases.ts'

const { values } = parseArgs({
  options: {
    /** One run of each, with a shorter look at the callers alone; writes no results. */
    quick: { type: 'boolean', default: false },
    /** Runs the migrations as `prisma migrate deploy` does, to compare. */
    plain: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    /** These cases, or those with or without the reader; the other rows of the results stay as they are. */
    only: { type: 'string', multiple: true, default: [] },
    reader: { type: 'string', multiple: true, default: ['with', 'without'] },
  },
})
const runs = values.quick ? 1 : Number(values.runs)
const readerS = 10
/** About as long as the migration takes: the longest of more waits is longer. */
const aloneS = { without: values.quick ? 6 : 12, with: 2 * readerS + 2 }
const callerCount = 4
const requestsPerS = 400

type Role = 'owner' | 'app'

interface Run {
  /** The longest wait before the migration, with the same reader. */
  aloneMs: number
  /** The longest wait from the start of the migration to its end. */
  migratedMs: number
  aboveMs: number
  requests: number
  failed: number
  failures: Record<string, number>
  seconds: number
  /** The longest time that a step held its locks, by Freehold's own account. */
  heldMs: number | null
}

interface Row {
  case: string
  reader: boolean
  aloneMs: number
  migratedMs: number
  aboveMs: number
  failed: number
  seconds: number
  heldMs: number | null
  runs: Run[]
}

const folder = await mkdtemp(path.join(tmpdir(), 'freehold-stall-'))
const server: DurableServer<Role> = await startDurableServer(['owner', 'app'])
const table: Row[] = []
try {
  await buildPrograms(values.plain ? ['prisma'] : ['prisma', 'freehold'])
  await prepare()
  for (const one of cases.filter(({ name }) => values.only.length === 0 || values.only.includes(name))) {
    for (const reader of [false, true]) {
      if (values.reader.includes(reader ? 'with' : 'without')) {
        table.push(await measure(one, reader))
        if (!values.quick) {
          await keepResults()
        }
      }
    }
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
/** Puts what has been measured in the place of the rows of before, after each, for the whole takes an hour. */
async function keepResults(): Promise<void> {
  const name = values.plain ? 'stall-plain' : 'stall'
  const isMeasured = (row: Row): boolean => table.some((one) => one.case === row.case && one.reader === row.reader)
  const known = [...(await readRows(name)).filter((row) => !isMeasured(row)), ...table]
  const inOrder = cases.flatMap((one) =>
    known.filter((row) => row.case === one.name).sort((a, b) => Number(a.reader) - Number(b.reader)),
  )
  await writeResults(name, { rows, requestsPerS, callers: callerCount, readerS, aloneS, table: inOrder })
}

async function readRows(name: string): Promise<Row[]> {
  try {
    const file = path.join(import.meta.dirname, 'results', `${name}.json`)
    return (JSON.parse(await readFile(file, 'utf8')) as { table: Row[] }).table
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return []
    }
    throw error
  }
}

async function prepare(): Promise<void> {
  await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  await writeMigration('20260101000000_base', baseMigration)
  await server.createDatabase('base', 'owner')
  const url = server.url('base', 'owner')
  await runProgram([programs.prisma, folder], { DATABASE_URL: url })
  await withClient(url, async (client) => {
    const rights = 'SELECT, INSERT, UPDATE, DELETE'
    await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${rights} ON TABLES TO app`)
    await client.query(`GRANT ${rights} ON ALL TABLES IN SCHEMA public TO app`)
    for (const statement of fillRows(rows)) {
      await client.query(statement)
    }
  })
}

async function writeMigration(id: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, id), { recursive: true })
  await writeFile(path.join(folder, id, 'migration.sql'), `${sql}\n`)
}

async function measure(one: Case, reader: boolean): Promise<Row> {
  const done: Run[] = []
  for (let run = 0; run < runs; run += 1) {
    done.push(await runOnce(one, reader))
  }
  const of = (pick: (run: Run) => number): number => median(done.map(pick))
  const row: Row = {
    case: one.name,
    reader,
    aloneMs: of((run) => run.aloneMs),
    migratedMs: of((run) => run.migratedMs),
    aboveMs: of((run) => run.aboveMs),
    failed: done.reduce((sum, run) => sum + run.failed, 0),
    seconds: of((run) => run.seconds),
    heldMs: values.plain ? null : of((run) => run.heldMs ?? 0),
    runs: done,
  }
  const cells = [
    one.name.padEnd(22),
    (reader ? 'reader' : '').padEnd(7),
    `alone ${row.aloneMs} ms`.padStart(16),
    `migrated ${row.migratedMs} ms`.padStart(20),
    `above ${row.aboveMs} ms`.padStart(16),
    `${row.failed} failed`.padStart(14),
    `${row.seconds.toFixed(1)} s`.padStart(9),
    row.heldMs === null ? '' : `held ${row.heldMs} ms`.padStart(17),
  ]
  process.stdout.write(`${cells.join('')}\n`)
  return row
}

async function runOnce(one: Case, reader: boolean): Promise<Run> {
  const id = '20260201000000_pending'
  const database = 'pending'
  await writeMigration(id, one.sql)
  await server.dropDatabase(database)
  await server.createDatabase(database, 'owner', 'base')
  const callers = await startCallers({
    url: server.url(database, 'app'),
    callers: callerCount,
    requestsPerS,
    idMax: rows,
    statements: one.old,
  })
  try {
    // The first requests fill the caches of a database that was copied a moment ago.
    await wait(2000)
    const aloneAt = Date.now()
    await Promise.all([
      wait(aloneS[reader ? 'with' : 'without'] * 1000),
      reader ? read(database).then(() => read(database)) : undefined,
    ])
    const migratedAt = Date.now()
    const heldMs = await (values.plain ? migratePlainly : migrate)(one, reader, database, callers)
    const endedAt = Date.now()
    await wait(500)
    const samples = await callers.stop()
    return { ...summarize(samples, aloneAt, migratedAt, endedAt), heldMs }
  } finally {
    callers.kill()
    await rm(path.join(folder, id), { recursive: true })
  }
}

/** Expand; two callers of each version side by side; all of the new version; contract. */
async function migrate(one: Case, reader: boolean, database: string, callers: Callers): Promise<number> {
  const expandMs = await command('deploy', database, reader)
  callers.switchTo(one.new, [0, 1])
  await wait(1000)
  callers.switchTo(one.new, [2, 3])
  await wait(500)
  return Math.max(expandMs, await command('complete', database, reader))
}

async function migratePlainly(one: Case, reader: boolean, database: string, callers: Callers): Promise<null> {
  const run = runProgram([programs.prisma, folder], { DATABASE_URL: server.url(database, 'owner') })
  await Promise.all([run, reader ? read(database) : undefined])
  callers.switchTo(one.new, [0, 1])
  await wait(1000)
  callers.switchTo(one.new, [2, 3])
  await wait(500)
  return null
}

async function command(name: 'deploy' | 'complete', database: string, reader: boolean): Promise<number> {
  const url = server.url(database, 'owner')
  const args = [programs.freehold, 'migrate', name, '--yes', '--json', '--migrations', folder]
  const environment = { DATABASE_URL: url, DIRECT_URL: url }
  const [{ output }] = await Promise.all([runProgram(args, environment), reader ? read(database) : undefined])
  const { run } = JSON.parse(output) as { run: { heldMsMax: number } | null }
  return run === null ? 0 : round(run.heldMsMax, 1)
}

/** A transaction that has read the table and stays open. */
async function read(database: string): Promise<void> {
  await withClient(server.url(database, 'owner'), async (client) => {
    await client.query('BEGIN READ ONLY')
    await client.query('SELECT 1 FROM public.orders LIMIT 1')
    await wait(readerS * 1000)
    await client.query('COMMIT')
  })
}

function summarize(samples: Sample[], aloneAt: number, migratedAt: number, endedAt: number): Omit<Run, 'heldMs'> {
  const alone = samples.filter(({ dueAt }) => dueAt >= aloneAt && dueAt < migratedAt)
  const migrated = samples.filter(({ dueAt }) => dueAt >= migratedAt && dueAt < endedAt)
  const longest = (of: Sample[]): number => round(Math.max(0, ...of.map(({ waitMs }) => waitMs)), 1)
  const failures: Record<string, number> = {}
  for (const { failure } of samples) {
    if (failure !== null) {
      failures[failure] = (failures[failure] ?? 0) + 1
    }
  }
  const aloneMs = longest(alone)
  const migratedMs = longest(migrated)
  return {
    aloneMs,
    migratedMs,
    aboveMs: round(migratedMs - aloneMs, 1),
    requests: migrated.length,
    failed: Object.values(failures).reduce((sum, count) => sum + count, 0),
    failures,
    seconds: round((endedAt - migratedAt) / 1000, 1),
  }
}
