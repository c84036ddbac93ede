import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Target } from '../src/engine/commands/target.ts'
import type { Step } from '../src/engine/plan/step.ts'
import type { Runner } from '../src/engine/run/runner.ts'
import { aPlan, aStep, aTransaction, describeOrders, totalsSteps } from './fixtures/hand-made-plan.ts'
import { setUpOrders, withRunner } from './fixtures/orders-setup.ts'

let server: Server
let databases = 0
const clients: Client[] = []

beforeAll(async () => {
  server = await startTestServer(18, {
    max_prepared_transactions: '2',
    autovacuum: 'on',
    autovacuum_naptime: '1s',
    deadlock_timeout: '200ms',
  })
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

describe('the way to the locks', () => {
  it('takes the lock of a view before that of its table', async () => {
    const { client, target } = await setup()
    await client.query('CREATE VIEW bought AS SELECT * FROM orders')
    const locks = ['bought', 'orders'].map((name) => ({ schema: 'public', name, mode: 'AccessExclusiveLock' as const }))
    await withRunner(target, async (runner) => {
      const sql = ['DROP VIEW bought', 'ALTER TABLE orders RENAME TO bought']
      const run = await runner.startRun(aPlan([aStep('e01', aTransaction(sql, { locks }))]))
      await runner.runPhases(run, [...all], { takeBack: 'run' })
      expect(run.state).toBe('done')
    })
    expect((await client.query(`SELECT relkind FROM pg_class WHERE relname = 'bought'`)).rows).toEqual([
      { relkind: 'r' },
    ])
  })

  it('waits for a reader without making others queue, says who it is, and goes on when it is gone', async () => {
    const { name, client, target } = await setup()
    const reader = await connect({ connectionString: server.url(name, 'owner'), applicationName: 'reporting' })
    clients.push(reader)
    await reader.query('BEGIN')
    await reader.query('SELECT count(*) FROM orders')
    const seen = Promise.withResolvers<void>()
    const onFact: Target['onFact'] = (fact) => {
      target.facts.push(fact)
      if (fact.kind === 'waiting' && fact.attempts > 6) {
        seen.resolve()
      }
    }
    await withRunner({ ...target, onFact }, async (runner) => {
      const run = await runner.startRun(aPlan([totalsSteps()[0] as Step]))
      const work = runner.runPhases(run, [...all], { takeBack: 'run' })
      await seen.promise
      const others = await client.query('SELECT count(*)::int AS n FROM orders')
      expect(others.rows).toEqual([{ n: 3000 }])
      await reader.query('COMMIT')
      await work
      expect(run.state).toBe('done')
    })
    const waiting = target.facts.find((fact) => fact.kind === 'waiting')
    expect(waiting).toMatchObject({
      stepId: 'e01',
      relation: 'public.orders',
      mode: 'AccessExclusiveLock',
      blockers: [{ application: 'reporting', user: 'owner' }],
    })
  })

  it('gives up at the deadline, names who was in the way, and leaves no run behind', async () => {
    const { name, client, target, before } = await setup()
    const reader = await connect({ connectionString: server.url(name, 'owner'), applicationName: 'reporting' })
    clients.push(reader)
    await reader.query('BEGIN')
    await reader.query('SELECT count(*) FROM orders')
    const giveUp = async (runner: Runner): Promise<void> => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toMatchObject({
        definition: { code: 'FHD_MIGRATE_LOCK_NOT_GRANTED' },
        details: { lines: [expect.stringContaining('reporting')] },
      })
      expect(await runner.findOpenRun()).toBeUndefined()
    }
    await withRunner(target, giveUp, 200)
    await reader.query('COMMIT')
    expect(await describeOrders(client)).toEqual(before)
  })

  it('meets a prepared transaction as it meets a session', async () => {
    const { client, target } = await setup()
    await client.query('BEGIN; UPDATE orders SET price = 1 WHERE id = 1')
    await client.query(`PREPARE TRANSACTION 'transfer 7'`)
    const giveUp = async (runner: Runner): Promise<void> => {
      const run = await runner.startRun(aPlan(totalsSteps()))
      await expect(runner.runPhases(run, [...all], { takeBack: 'run' })).rejects.toMatchObject({
        details: { lines: [expect.stringContaining('prepared transaction transfer 7')] },
      })
    }
    await withRunner(target, giveUp, 100)
    await client.query(`ROLLBACK PREPARED 'transfer 7'`)
  })

  it('makes an autovacuum give way', async () => {
    const { name, client, target } = await setup()
    // At this rate it would take an hour.
    await client.query(`ALTER TABLE orders SET (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`)
    await client.query('UPDATE orders SET price = price + 1')
    await client.query('SELECT pg_stat_force_next_flush()')
    const admin = await connect({ connectionString: server.url(name), applicationName: 'test' })
    clients.push(admin)
    const isVacuumed = async (): Promise<boolean> => {
      const { rowCount } = await admin.query(`SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.relation = 'public.orders'::regclass AND a.backend_type = 'autovacuum worker'`)
      return rowCount !== 0
    }
    await expect.poll(isVacuumed, { timeout: 50_000, interval: 50 }).toBe(true)
    await withRunner(target, async (runner) => {
      const run = await runner.startRun(aPlan([totalsSteps()[0] as Step]))
      await runner.runPhases(run, [...all], { takeBack: 'run' })
      expect(run.state).toBe('done')
    })
  })
})
