// A column of a large table gets another type while 400 requests a second go on: the twin beside what is done without it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type DurableServer, startDurableServer, withClient } from '../tools/durable-server.ts'
import { buildPrograms, median, programs, round, runProgram, writeResults } from './measure.ts'
import { type Contender, contenders, type Work } from './rewrite/contenders.ts'
import { type Sample, startCallers } from './stall/callers.ts'
import { amounts, baseMigration, fillRows } from './stall/cases.ts'

const { values } = parseArgs({
  options: {
    /** Rows of the table; several show whether the rate is flat. */
    rows: { type: 'string', multiple: true, default: ['5000000'] },
    runs: { type: 'string', default: '3' },
    /** These contenders only. */
    only: { type: 'string', multiple: true, default: [] },
  },
})
const callerCount = 4
const requestsPerS = 400
/** The callers alone, before; their longest wait is the baseline. */
const aloneS = 15

const pending = '20260201000000_pending'

type Role = 'owner' | 'app'

interface Run extends Work {
  seconds: number
  rowsPerS: number
  /** Written during the run, less what the callers write in the same time. */
  walBytesPerRow: number
  /** The most that the database grew, as sampled every 500 ms, without WAL. */
  peakDiskBytesPerRow: number
  failed: number
  /** SQLSTATE 0A000: a statement that a session had prepared reads columns that have changed. */
  stalePrepared: number
  /** The longest wait of a caller, above that of the callers alone. */
  stallAboveMs: number | null
  p999Ms: number | null
}

interface Row extends Run {
  contender: string
  rows: number
  runs: Run[]
}

const folder = await mkdtemp(path.join(tmpdir(), 'freehold-rewrite-'))
const server: DurableServer<Role> = await startDurableServer(['owner', 'app'])
const table: Row[] = []
try {
  await buildPrograms(['prisma', 'freehold'])
  await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
  for (const rows of values.rows.map(Number)) {
    await prepare(rows)
    const chosen = contenders.filter(({ name }) => values.only.length === 0 || values.only.includes(name))
    const runs = chosen.map((): Run[] => [])
    for (let round = 0; round < Number(values.runs); round += 1) {
      // In turns, so that what else goes on meets all alike.
      for (const [position, contender] of chosen.entries()) {
        runs[position]?.push(await runOnce(contender, rows))
      }
    }
    for (const [position, contender] of chosen.entries()) {
      table.push(summarize(contender.name, rows, runs[position] ?? []))
    }
  }
  await writeResults('rewrite', { requestsPerS, callers: callerCount, table, slope: slopes() })
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}

async function prepare(rows: number): Promise<void> {
  await rm(path.join(folder, pending), { recursive: true, force: true })
  await writeMigration('20260101000000_base', baseMigration)
  await server.dropDatabase('base')
  await server.createDatabase('base', 'owner')
  const url = server.url('base', 'owner')
  await runProgram([programs.prisma, folder], { DATABASE_URL: url })
  await writeMigration(pending, 'ALTER TABLE "orders" ALTER COLUMN "customer_id" SET DATA TYPE BIGINT;')
  await withClient(url, async (client) => {
    await client.query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app')
    for (const statement of fillRows(rows)) {
      await client.query(statement)
    }
  })
}

async function writeMigration(id: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, id), { recursive: true })
  await writeFile(path.join(folder, id, 'migration.sql'), `${sql}\n`)
}

async function runOnce(contender: Contender, rows: number): Promise<Run> {
  await server.dropDatabase('work')
  await server.createDatabase('work', 'owner', 'base')
  const url = server.url('work', 'owner')
  const callers = contender.isOnline
    ? await startCallers({
        url: server.url('work', 'app'),
        callers: callerCount,
        requestsPerS,
        idMax: rows,
        statements: amounts,
      })
    : undefined
  try {
    await wait(3000)
    const alone = await watch(url, async () => {
      await wait(aloneS * 1000)
      return { memoryMib: null, heldMs: null }
    })
    const during = await watch(url, async () => await contender.run(url, folder))
    const samples = (await callers?.stop()) ?? []
    const callersWal = contender.isOnline ? (alone.walBytes / alone.seconds) * during.seconds : 0
    const run: Run = {
      ...during.work,
      seconds: round(during.seconds, 2),
      rowsPerS: Math.round(rows / during.seconds),
      walBytesPerRow: Math.round((during.walBytes - callersWal) / rows),
      peakDiskBytesPerRow: Math.round(during.grownBytes / rows),
      ...waits(samples, alone.startedAt, during.startedAt, during.endedAt),
    }
    process.stdout.write(`${contender.name.padEnd(28)}${JSON.stringify(run)}\n`)
    return run
  } finally {
    callers?.kill()
  }
}

interface Watched {
  startedAt: number
  endedAt: number
  seconds: number
  walBytes: number
  grownBytes: number
  work: Work
}

/** Runs the work and looks meanwhile at how the database grows. */
async function watch(url: string, work: () => Promise<Work>): Promise<Watched> {
  return await withClient(url, async (client) => {
    const look = async (): Promise<{ lsn: string; size: number }> => {
      const { rows } = await client.query<{ lsn: string; size: number }>(
        `SELECT pg_current_wal_insert_lsn()::text AS lsn, pg_database_size(current_database())::float8 AS size`,
      )
      return rows[0] as { lsn: string; size: number }
    }
    const before = await look()
    let largest = before.size
    let isOver = false
    const growing = (async () => {
      while (!isOver) {
        largest = Math.max(largest, (await look()).size)
        await wait(500)
      }
    })()
    const startedAt = Date.now()
    const began = performance.now()
    const done = await work().finally(() => {
      isOver = true
    })
    const seconds = (performance.now() - began) / 1000
    const endedAt = Date.now()
    await growing
    const { rows } = await client.query<{ bytes: number }>(
      'SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::float8 AS bytes',
      [before.lsn],
    )
    const walBytes = rows[0]?.bytes ?? 0
    return { startedAt, endedAt, seconds, walBytes, grownBytes: largest - before.size, work: done }
  })
}

type Waits = Pick<Run, 'failed' | 'stalePrepared' | 'stallAboveMs' | 'p999Ms'>

function waits(samples: Sample[], aloneAt: number, startedAt: number, endedAt: number): Waits {
  const failures = samples.filter(({ failure }) => failure !== null)
  const stalePrepared = failures.filter(({ failure }) => failure === '0A000').length
  const between = (from: number, to: number): number[] =>
    samples.filter(({ dueAt }) => dueAt >= from && dueAt < to).map(({ waitMs }) => waitMs)
  const alone = between(aloneAt, startedAt)
  const during = between(startedAt, endedAt).sort((a, b) => a - b)
  return {
    failed: failures.length - stalePrepared,
    stalePrepared,
    stallAboveMs: during.length === 0 ? null : round((during.at(-1) ?? 0) - Math.max(...alone), 1),
    p999Ms: during.length === 0 ? null : round(during[Math.floor(during.length * 0.999)] ?? 0, 1),
  }
}

function summarize(contender: string, rows: number, runs: Run[]): Row {
  const of = (pick: (run: Run) => number): number => median(runs.map(pick))
  const ofKnown = (pick: (run: Run) => number | null): number | null => {
    const known = runs.map(pick).filter((value) => value !== null)
    return known.length === 0 ? null : median(known)
  }
  const sum = (pick: (run: Run) => number): number => runs.reduce((total, run) => total + pick(run), 0)
  return {
    contender,
    rows,
    seconds: of((run) => run.seconds),
    rowsPerS: of((run) => run.rowsPerS),
    walBytesPerRow: of((run) => run.walBytesPerRow),
    peakDiskBytesPerRow: of((run) => run.peakDiskBytesPerRow),
    failed: sum((run) => run.failed),
    stalePrepared: sum((run) => run.stalePrepared),
    stallAboveMs: ofKnown((run) => run.stallAboveMs),
    p999Ms: ofKnown((run) => run.p999Ms),
    memoryMib: ofKnown((run) => run.memoryMib),
    heldMs: ofKnown((run) => run.heldMs),
    runs,
  }
}

/** The rate's change with size: the slope of log(rows/s) over log(rows); 0 is flat. */
function slopes(): Record<string, number> {
  const names = [...new Set(table.map(({ contender }) => contender))]
  return Object.fromEntries(
    names.flatMap((name) => {
      const points = table
        .filter(({ contender }) => contender === name)
        .map(({ rows, rowsPerS }): [number, number] => [Math.log10(rows), Math.log10(rowsPerS)])
      return points.length < 2 ? [] : [[name, round(slopeOf(points), 3)]]
    }),
  )
}

function slopeOf(points: [number, number][]): number {
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}
