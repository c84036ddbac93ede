import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Target } from '../src/engine/commands/target.ts'
import type { Step } from '../src/engine/plan/step.ts'
import { readHistory } from '../src/engine/read/prisma-table.ts'
import { openRunner } from '../src/engine/run/runner.ts'
import { aPlan, aStep, aTransaction, describeOrders, totalsSteps } from './fixtures/hand-made-plan.ts'
import { setUpOrders, withRunner } from './fixtures/orders-setup.ts'

let server: Server
let databases = 0
const clients: Client[] = []

beforeAll(async () => {
  server = await startTestServer(18)
})

afterAll(async () => {
  await Promise.all(clients.map(async (client) => await client.end().catch(() => {})))
  await server.stop()
})

async function setup() {
  databases += 1
  const made = await setUpOrders(server, `orders_${databases}`)
  clients.push(made.client)
  return made
}

const all = ['expand', 'backfill', 'contract'] as const

/** Replaces a step of the plan. */
function withStep(step: Step): Step[] {
  return totalsSteps().map((one) => (one.id === step.id ? step : one))
}

const ended = {
  columns: ['id', 'price', 'counted', 'filled_at', 'total'],
  indexes: ['orders_pkey', 'orders_total_idx'],
  checks: ['orders_total_check true'],
  counts: 1,
  counted: 1,
  times: 1,
}

describe('running a plan', () => {
  it('runs the phases, finishes the row of Prisma before the contract phase, and journals every step', async () => {
    const { client, target } = await setup()
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      expect((await readHistory(client, 'public'))[0]?.finishedAt).toBeNull()
      await runner.runPhases(run, ['expand', 'backfill'], { takeBack: 'run' })
      expect(run.state).toBe('windowOpen')
      expect((await readHistory(client, 'public'))[0]?.finishedAt).toBeInstanceOf(Date)
      await runner.runPhases(run, ['contract'], { takeBack: 'run' })
      expect(run.state).toBe('done')
      expect(run.verifiedFingerprint).toMatch(/^[0-9a-f]{64}$/)
    })
    expect(await describeOrders(client)).toEqual(ended)
    const { rows } = await client.query(
      'SELECT step_id, state, rows_done::int FROM freehold.run_steps ORDER BY position',
    )
    expect(rows.map((row) => row.state)).toEqual(rows.map(() => 'applied'))
    expect(rows[2]).toMatchObject({ step_id: 'b01', rows_done: 3000 })
    const finished = target.facts.flatMap((fact) => (fact.kind === 'stepFinished' ? [fact.stepId] : []))
    expect(finished).toEqual(['e01', 'e02', 'b01', 'b02', 'c01', 'c02'])
  })

  it('takes everything back when a step fails, and gives the SQLSTATE of the plain statement', async () => {
    const { client, target, before } = await setup()
    const failing = aStep('b02', aTransaction(['SELECT 1 / 0'], { sqlstates: [['22012', '23502']] }))
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan(withStep(failing)))
      const work = runner.runPhases(run, [...all], { takeBack: 'run' })
      await expect(work).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_STEP_FAILED' },
        details: { sqlstate: '23502', migrationId: '20260101000000_totals' },
      })
      expect(run.state).toBe('failed')
      expect(await runner.findOpenRun()).toBeUndefined()
    })
    expect(await describeOrders(client)).toEqual(before)
    expect(await readHistory(client, 'public')).toEqual([])
  })

  it('leaves the window open when a step of the contract phase fails, and goes on once the rows are mended', async () => {
    const { client, target } = await setup()
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await runner.runPhases(run, ['expand', 'backfill'], { takeBack: 'run' })
      await client.query('UPDATE orders SET total = NULL WHERE id = 7')
      const work = runner.runPhases(run, ['contract'], { takeBack: 'phase' })
      await expect(work).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_CONTRACT_FAILED' },
        details: { sqlstate: '23502' },
      })
      expect(run.state).toBe('windowOpen')
      expect(await describeOrders(client)).toEqual({ ...ended, checks: null })
      await client.query('UPDATE orders SET total = 0 WHERE id = 7')
      await runner.runPhases(run, ['contract'], { takeBack: 'phase' })
      expect(run.state).toBe('done')
    })
    expect(await describeOrders(client)).toEqual(ended)
  })

  it('takes the whole run back when the contract phase fails and nobody wants its window', async () => {
    const { client, target, before } = await setup()
    const check = totalsSteps()[3] as Step
    await withRunner(target, async (runner) => {
      const steps = totalsSteps().filter((step) => step !== check)
      const violating = aStep('c03', {
        ...check.do,
        kind: 'check',
        examples: `SELECT 'id 1'`,
        count: 'SELECT 1',
      } as Step['do'])
      const run = await runner.startRun(aPlan([...steps, violating]))
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_ROWS_VIOLATE' },
        details: { lines: ['for example id 1'] },
      })
    })
    expect(await describeOrders(client)).toEqual(before)
  })

  it('undoes a run whose window is open', async () => {
    const { client, target, before } = await setup()
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await runner.runPhases(run, ['expand', 'backfill'], { takeBack: 'run' })
    })
    await withRunner(target, async (runner) => {
      const run = await runner.findOpenRun()
      await runner.undoRun(run as NonNullable<typeof run>)
      expect(run?.state).toBe('undone')
    })
    expect(await describeOrders(client)).toEqual(before)
    expect(await readHistory(client, 'public')).toEqual([])
    const kept = await client.query(`SELECT FROM pg_class WHERE relname = 'kept_counted'`)
    expect(kept.rowCount).toBe(0)
  })
})

describe('a batched step', () => {
  it('loses no write of callers, and does none of its own twice', async () => {
    const { name, client, target } = await setup()
    const ending = { now: false }
    const write = async (): Promise<number> => {
      const writer = await connect({ connectionString: server.url(name, 'owner'), applicationName: 'writer' })
      let writes = 0
      while (!ending.now) {
        const id = 1 + ((writes * 7919) % 3000)
        await writer.query('UPDATE orders SET counted = counted + 1 WHERE id = $1', [id])
        writes += 1
      }
      await writer.end()
      return writes
    }
    const writers = [write(), write()]
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await runner.runPhases(run, ['expand', 'backfill'], { takeBack: 'run' })
      expect(run.state).toBe('windowOpen')
    })
    ending.now = true
    const [one = 0, other = 0] = await Promise.all(writers)
    const sum = await client.query('SELECT sum(counted)::int AS sum FROM orders')
    expect(sum.rows).toEqual([{ sum: 3000 + one + other }])
  })
})

describe('being the only runner', () => {
  it('refuses a second runner and one beside Prisma', async () => {
    const { client, target } = await setup()
    await withRunner({ ...target, applicationName: 'freehold deploy' }, async () => {
      await expect(openRunner(target)).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_ANOTHER_RUNNER' },
        message: expect.stringContaining('freehold deploy'),
      })
      const prisma = await client.query('SELECT pg_try_advisory_lock(72707369) AS held')
      expect(prisma.rows).toEqual([{ held: false }])
    })
    await client.query('SELECT pg_advisory_lock(72707369)')
    await expect(openRunner(target)).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_ANOTHER_RUNNER' } })
  })

  it('changes nothing more once another has taken over', async () => {
    const { client, target, before } = await setup()
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await client.query('UPDATE freehold.lease SET epoch = epoch + 1')
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_ANOTHER_RUNNER' },
      })
    })
    expect(await describeOrders(client)).toEqual(before)
  })

  it('names the right that is missing, and the newer Freehold that was here', async () => {
    const { name, client, target } = await setup()
    const admin = await connect({ connectionString: server.url(name), applicationName: 'test' })
    clients.push(admin)
    await admin.query(`ALTER DATABASE ${name} OWNER TO postgres`)
    await withRunner(target, async (runner) => {
      await expect(runner.startRun(aPlan([]))).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_RIGHTS_MISSING' },
        details: { hint: expect.stringContaining(`GRANT CREATE ON DATABASE "${name}" TO "owner"`) },
      })
    })
    await admin.query(`GRANT CREATE ON DATABASE ${name} TO owner`)
    await withRunner(target, async (runner) => {
      await expect(runner.startRun(aPlan([]))).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_RIGHTS_MISSING' },
        details: { hint: expect.stringContaining('GRANT CREATE ON SCHEMA "public" TO owner') },
      })
    })
    await client.query('UPDATE freehold.journal_format SET version = 99')
    await withRunner(target, async (runner) => {
      await expect(runner.findOpenRun()).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_JOURNAL_NEWER' } })
    })
  })
})

describe('a stop that is asked for', () => {
  it('ends the range under way and goes on from there', async () => {
    const stop = new AbortController()
    const { client, target } = await setup()
    const onFact: Target['onFact'] = (fact) => {
      if (fact.kind === 'stepProgress' && fact.what === 'rows') {
        stop.abort()
      }
    }
    await withRunner({ ...target, signal: stop.signal, onFact }, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_STOPPED', kind: 'stopped' },
      })
    })
    const half = await client.query('SELECT checkpoint FROM freehold.run_steps WHERE step_id = $1', ['b01'])
    expect(half.rows[0]?.checkpoint).toMatchObject({ next: 'ranges', key: ['500'] })
    await withRunner(target, async (runner) => {
      const run = await runner.findOpenRun()
      await runner.runPhases(run as NonNullable<typeof run>, [...all], { takeBack: 'run' })
    })
    expect(await describeOrders(client)).toEqual(ended)
  })

  it('cancels an index build, which is then made anew', async () => {
    const stop = new AbortController()
    const { name, client, target } = await setup()
    const reader = await connect({ connectionString: server.url(name, 'owner'), applicationName: 'reporting' })
    clients.push(reader)
    // A snapshot that is older than the index keeps its build waiting, whatever it reads.
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await reader.query('SELECT 1')
    const onFact: Target['onFact'] = (fact) => {
      target.facts.push(fact)
      if (fact.kind === 'waiting' && fact.stepId === 'e02') {
        stop.abort()
      }
    }
    await withRunner({ ...target, signal: stop.signal, onFact }, async (runner) => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_STOPPED' },
      })
    })
    expect((await describeOrders(client))['indexes']).toEqual(['orders_pkey', 'orders_total_idx INVALID'])
    await reader.query('COMMIT')
    await withRunner(target, async (runner) => {
      const run = await runner.findOpenRun()
      await runner.runPhases(run as NonNullable<typeof run>, [...all], { takeBack: 'run' })
    })
    expect(await describeOrders(client)).toEqual(ended)
  })
})

describe('settings of a migration', () => {
  it('hold for its statements, and the journal is written as the own role', async () => {
    const { client, target } = await setup()
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    clients.push(admin)
    await admin.query('CREATE ROLE app; GRANT app TO owner')
    await client.query('CREATE SCHEMA app AUTHORIZATION owner; GRANT ALL ON SCHEMA app TO app')
    const settings = { search_path: 'app', role: 'app', lock_timeout: '7s' }
    await withRunner(target, async (runner) => {
      const sql = `CREATE TABLE seen AS SELECT current_user::text AS role, current_setting('lock_timeout') <> '7s' AS bounded`
      const run = await runner.startRun(aPlan([aStep('e01', aTransaction([sql], { settings }))]))
      await runner.runPhases(run, [...all], { takeBack: 'run' })
    })
    await client.query('SET ROLE app')
    expect((await client.query('SELECT * FROM app.seen')).rows).toEqual([{ role: 'app', bounded: true }])
  })
})

describe('opaque code', () => {
  it('is rolled back when it locks or rewrites what it did not in the rehearsal', async () => {
    const { client, target, before } = await setup()
    const code = `DO $$ BEGIN IF EXISTS (SELECT FROM orders) THEN ALTER TABLE orders ALTER price TYPE bigint; END IF; END $$`
    const seen = aTransaction([code], {
      within: { locks: [{ schema: 'public', name: 'orders', mode: 'AccessExclusiveLock' }], rewrites: [] },
    })
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan([aStep('e01', seen)]))
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toThrow('it rewrote public.orders')
      const weaker = aTransaction([code], {
        within: { locks: [{ schema: 'public', name: 'orders', mode: 'AccessShareLock' }], rewrites: ['public.orders'] },
      })
      const second = await runner.startRun(aPlan([aStep('e01', weaker)]))
      await expect(runner.runPhases(second, [...all], { takeBack: 'run' })).rejects.toThrow('AccessExclusiveLock')
    })
    expect(await describeOrders(client)).toEqual(before)
  })
})
