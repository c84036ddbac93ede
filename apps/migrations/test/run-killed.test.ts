import { spawn } from 'node:child_process'
import path from 'node:path'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readHistory } from '../src/engine/read/prisma-table.ts'
import type { Fact } from '../src/engine/run/facts.ts'
import { openRunner } from '../src/engine/run/runner.ts'
import { aPlan, aTarget, createOrders, describeOrders, nameOf, totalsSteps } from './fixtures/hand-made-plan.ts'

let server: Server

beforeAll(async () => {
  server = await startTestServer(18)
})

afterAll(async () => {
  await server.stop()
})

/** Runs the hand-made plan in a process of its own until it is killed at the fact; tells whether it was. */
async function runUntil(database: string, killedAt: string): Promise<boolean> {
  const script = path.join(import.meta.dirname, 'fixtures', 'run-until.ts')
  const child = spawn(process.execPath, [script, server.url(database, 'owner'), killedAt], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let problems = ''
  child.stderr.on('data', (chunk: Buffer) => {
    problems += chunk.toString()
  })
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  )
  if (signal !== 'SIGKILL' && code !== 0) {
    throw new Error(problems)
  }
  return signal === 'SIGKILL'
}

/** Databases on which the plan was begun. */
const begun = new Set<string>()

/** Runs the plan, or takes it back, until the fact of that number, at which the server ends all of the runner's sessions. */
async function cutOffAt(
  database: string,
  admin: Client,
  number: number,
  direction: 'do' | 'undo',
): Promise<string | null> {
  let facts = 0
  let cutAt: string | null = null
  let cutting: Promise<unknown> | undefined
  const onFact = (fact: Fact): void => {
    facts += 1
    if (facts === number) {
      cutAt = nameOf(fact)
      cutting = admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'freehold'`,
      )
    }
  }
  const runner = await openRunner(aTarget(server, database, { onFact }))
  try {
    const open = await runner.findOpenRun()
    if (open === undefined && (direction === 'undo' || begun.has(database))) {
      // The last cut came after the last commit: the run before reached its end and was not told so.
      return null
    }
    begun.add(database)
    const run = open ?? (await runner.startRun(aPlan(totalsSteps())))
    if (direction === 'do') {
      await runner.runPhases(run, ['expand', 'backfill', 'contract'], { takeBack: 'run' })
    } else {
      await runner.undoRun(run)
    }
  } catch (error) {
    expect(error).toMatchObject({ definition: { code: 'FHD_MIGRATE_CONNECTION_LOST', kind: 'stopped' } })
  } finally {
    await cutting
    await runner.close()
  }
  return cutAt
}

async function describe(client: Client) {
  const kept = await client.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_class WHERE relname = 'kept_counted'`,
  )
  return {
    ...(await describeOrders(client)),
    kept: kept.rows[0]?.n,
    prisma: (await readHistory(client, 'public')).map((row) => row.finishedAt !== null),
  }
}

async function expandAndBackfill(database: string): Promise<void> {
  const runner = await openRunner(aTarget(server, database))
  const run = await runner.startRun(aPlan(totalsSteps()))
  await runner.runPhases(run, ['expand', 'backfill'], { takeBack: 'run' })
  await runner.close()
}

it('ends in the same state when it is killed between and within its steps', async () => {
  const whole = await createOrders(server, 'whole')
  expect(await runUntil('whole', 'never')).toBe(false)
  const client = await createOrders(server, 'killed')
  for (const fact of ['stepFinished:e01', 'stepProgress:b01', 'stepStarted:c02']) {
    expect(await runUntil('killed', fact)).toBe(true)
  }
  expect(await runUntil('killed', 'never')).toBe(false)
  expect(await describe(client)).toEqual(await describe(whole))
  await Promise.all([client.end(), whole.end()])
})

it('ends a killed runner’s session, whose statement goes on without it', async () => {
  const client = await createOrders(server, 'orphaned')
  expect(await runUntil('orphaned', 'stepStarted:e02')).toBe(true)
  const writer = await connect({ connectionString: server.url('orphaned', 'owner'), applicationName: 'writer' })
  await writer.query('BEGIN; UPDATE orders SET price = 0 WHERE id = 1')
  expect(await runUntil('orphaned', 'waiting:e02')).toBe(true)
  await writer.query('COMMIT')
  expect(await runUntil('orphaned', 'never')).toBe(false)
  expect(await describe(client)).toMatchObject({ indexes: ['orders_pkey', 'orders_total_idx'], prisma: [true] })
  await Promise.all([client.end(), writer.end()])
})

it.each(['do', 'undo'] as const)('goes on after its sessions were ended at any moment (%s)', async (direction) => {
  const [expected, name] = [`uncut_${direction}`, `cut_${direction}`]
  const admin = await connect({ connectionString: server.url(), applicationName: 'admin' })
  const [uncut, client] = [await createOrders(server, expected), await createOrders(server, name)]
  if (direction === 'undo') {
    await expandAndBackfill(expected)
    await expandAndBackfill(name)
  }
  expect(await cutOffAt(expected, admin, -1, direction)).toBeNull()
  let cuts = 0
  // Each runner comes one fact further than the one before it, until none is left to cut.
  for (let number = 1; ; number = (number % 4) + 1) {
    const cutAt = await cutOffAt(name, admin, number, direction)
    if (cutAt === null) {
      break
    }
    cuts += 1
  }
  expect(cuts).toBeGreaterThan(3)
  expect(await describe(client)).toEqual(await describe(uncut))
  const left = await client.query(`SELECT FROM freehold.migration_runs WHERE state NOT IN ('done', 'undone')`)
  expect(left.rowCount).toBe(0)
  await Promise.all([admin.end(), uncut.end(), client.end()])
})
