import type { Run } from '@freehold/contracts-migrations'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addState, aMigration, dropNote, type Platform, renameTotal, startPlatform, waitFor } from './platform.ts'
import { buildService, type Service } from './service.ts'
import { createBench, problemOf, serviceId } from './shop-runs.ts'

let platform: Platform
let service: Service
let setUp: ReturnType<typeof createBench>['setUp']
let reach: ReturnType<typeof createBench>['reach']

beforeAll(async () => {
  platform = await startPlatform()
  service = await buildService(platform)
  ;({ setUp, reach } = createBench(platform, service))
})

afterAll(async () => {
  await service?.close()
  await platform?.stop()
})

describe('a run', () => {
  it('expands, waits with its window open, completes, and tells of each step by facts and events', async () => {
    const { start, target } = await setUp('good', [addState, renameTotal])
    const run = await reach(await start(), 'windowOpen')
    expect(run).toMatchObject({ applied: [addState.id, renameTotal.id], problem: null, approval: null })
    const params = { serviceId, runId: run.id }
    await service.client.completeRun({ params })
    await reach(run, 'completed')
    const facts = []
    for await (const fact of service.client.followRun({ params })) {
      facts.push(fact)
    }
    expect(facts.map(({ position }) => position)).toEqual(facts.map((_, index) => index + 1))
    const states = facts.flatMap(({ fact }) => (fact.kind === 'stateChanged' ? [fact.to] : []))
    expect(states).toEqual([
      'planning',
      'queued',
      'expanding',
      'windowOpen',
      'contractQueued',
      'contracting',
      'completed',
    ])
    expect(facts.some(({ fact }) => fact.kind === 'stepFinished')).toBe(true)
    const later = []
    for await (const fact of service.client.followRun({ params, query: { after: facts.length - 1 } })) {
      later.push(fact.position)
    }
    expect(later).toEqual([facts.length])
    const told = await waitFor('the events', async () => {
      const types = service.events.filter(({ key }) => key === run.id).map(({ type }) => type.split('.').at(-2))
      return types.length === states.length ? types : undefined
    })
    expect(told).toEqual([
      'planning-started',
      'queued',
      'expand-started',
      'window-opened',
      'contract-queued',
      'contract-started',
      'completed',
    ])
    expect((await target.query('SELECT count(*)::int AS n FROM counted')).rows).toEqual([{ n: 1 }])
    const { items } = await service.client.getHistory({ params: { serviceId, databaseId: run.databaseId } })
    expect(items).toMatchObject([{ state: 'done', migrations: [addState.id, renameTotal.id] }])
  })

  it('has nothing to do the second time, and refuses a second run beside the first', async () => {
    const { start, database } = await setUp('twice')
    const first = await start({ phase: 'all' })
    expect(await problemOf(start())).toMatchObject({ status: 409, code: 'FHD_MIGRATIONS_DATABASE_IN_USE' })
    const params = { serviceId, databaseId: database.id }
    expect(await problemOf(service.client.removeDatabase({ params }))).toMatchObject({ status: 409 })
    await reach(first, 'completed')
    expect(await reach(await start({ phase: 'all' }), 'completed')).toMatchObject({ applied: [] })
  })

  it('waits for a person’s word on a plan that destroys, whom it was read by', async () => {
    const { start } = await setUp('destroying', [addState, dropNote])
    const run = await reach(await start({ phase: 'all' }), 'awaitingApproval')
    const params = { serviceId, runId: run.id }
    const plan = await service.client.getPlan({ params: { serviceId, planId: run.planId as string } })
    expect(plan.destructive).toMatchObject([{ migrationId: dropNote.id, reason: 'drops a column and what is in it' }])
    const body = { decision: 'approved', reason: 'nobody reads it', contentHash: plan.contentHash as string } as const
    const machine = service.clientOf('ci', { shop: 'operator' })
    expect(await problemOf(machine.decideRun({ params, body }))).toMatchObject({
      code: 'FHD_MIGRATIONS_APPROVER_NOT_PERSON',
    })
    const stale = service.client.decideRun({ params, body: { ...body, contentHash: 'another' } })
    expect(await problemOf(stale)).toMatchObject({ code: 'FHD_MIGRATIONS_APPROVAL_STALE' })
    await service.client.decideRun({ params, body })
    const done = await reach(run, 'completed')
    expect(done.approval).toMatchObject({ decision: 'approved', decidedBy: 'person:ada', reason: 'nobody reads it' })
  })

  it('ends when its plan is rejected, and nothing was changed', async () => {
    const { start, target } = await setUp('rejected', [dropNote])
    const run = await reach(await start(), 'awaitingApproval')
    const plan = await service.client.getPlan({ params: { serviceId, planId: run.planId as string } })
    const body = { decision: 'rejected', reason: 'still read', contentHash: plan.contentHash as string } as const
    await service.client.decideRun({ params: { serviceId, runId: run.id }, body })
    expect(await service.client.getRun({ params: { serviceId, runId: run.id } })).toMatchObject({ state: 'rejected' })
    expect((await target.query('SELECT note FROM orders LIMIT 1')).rowCount).toBe(1)
  })

  it('fails with the statement’s SQLSTATE when the migration is wrong, and leaves the database as it was', async () => {
    const wrong = aMigration(
      '20260101000000_wrong',
      'ALTER TABLE orders ADD COLUMN a int;\nALTER TABLE nowhere ADD b int;\n',
    )
    const { start } = await setUp('wrong', [wrong])
    const run = await reach(await start(), 'failed')
    expect(run.problem).toMatchObject({ code: 'FHD_MIGRATE_REFUSED', sqlstate: '42P01', migrationId: wrong.id })
  })

  it('takes a run without a contract phase back when asked, once', async () => {
    const { start, target } = await setUp('undone')
    const run = await reach(await start(), 'completed')
    const params = { serviceId, runId: run.id }
    await service.client.undoRun({ params })
    await reach(run, 'undone')
    expect((await target.query('SELECT count(*)::int AS n FROM counted')).rows).toEqual([{ n: 0 }])
    expect(await problemOf(service.client.undoRun({ params }))).toMatchObject({
      code: 'FHD_MIGRATIONS_RUN_NOT_IN_STATE',
    })
  })

  it('runs a plan that was made and read before', async () => {
    const { start, database, set } = await setUp('planned')
    const { client } = service
    const made = await client.makePlan({
      params: { serviceId, databaseId: database.id },
      body: { migrationSetId: set.id },
    })
    expect(await problemOf(start({ planId: made.id }))).toMatchObject({ code: 'FHD_MIGRATIONS_PLAN_NOT_USABLE' })
    const plan = await waitFor('the plan', async () => {
      const now = await client.getPlan({ params: { serviceId, planId: made.id } })
      return now.state === 'made' ? now : undefined
    })
    expect(plan.document?.steps.length).toBeGreaterThan(1)
    const run = await reach(await start({ phase: 'all', planId: plan.id }), 'completed')
    expect(run.planId).toBe(plan.id)
  })
})

describe('a worker that was cut off before it could say what it did', () => {
  /** Puts the run back as it was before its worker wrote the end. */
  async function forgetEnd(run: Run, state: Run['state']): Promise<void> {
    const store = await platform.connectTo('platform')
    await store.query(
      "UPDATE migrations.runs SET state = $2, applied = '[]', engine_run_id = NULL, finished_at = NULL WHERE id = $1",
      [run.id, state],
    )
  }

  it('is followed by one that finds the work done', async () => {
    const { start, target } = await setUp('told_late')
    const run = await reach(await start({ phase: 'all' }), 'completed')
    await forgetEnd(run, 'expanding')
    expect(await reach(run, 'completed')).toMatchObject({ applied: [addState.id] })
    expect((await target.query('SELECT count(*)::int AS n FROM counted')).rows).toEqual([{ n: 1 }])
  })

  it('has its undo ended once, without taking back the run before it', async () => {
    const { start, target, database } = await setUp('undone_late')
    await reach(await start({ phase: 'all' }), 'completed')
    const another = aMigration('20260301000000_another', 'CREATE TABLE another (id int PRIMARY KEY);\n')
    const set = await service.client.uploadMigrationSet({
      params: { serviceId },
      body: { migrations: [addState, another] },
    })
    const second = await service.client.startRun({
      params: { serviceId, databaseId: database.id },
      body: { migrationSetId: set.id, phase: 'all' },
    })
    await reach(second, 'completed')
    await service.client.undoRun({ params: { serviceId, runId: second.id } })
    const run = await reach(second, 'undone')
    await forgetEnd(run, 'undoing')
    await reach(run, 'undone')
    const { rows } = await target.query(
      "SELECT (SELECT count(*)::int FROM counted) AS n, to_regclass('another') AS another",
    )
    expect(rows).toEqual([{ n: 1, another: null }])
  })
})

describe('steering a run', () => {
  /** Holds a lock for which the run waits, until it is let go. */
  async function blocked(name: string) {
    const made = await setUp(name)
    const blocker = await platform.connectTo(name, 'owner')
    await blocker.query('BEGIN; SELECT FROM orders')
    const run = await made.start({ phase: 'all' })
    await waitFor('the run to wait for the lock', async () => {
      const { items } = { items: await factsOf(run) }
      return items.some(({ fact }) => fact.kind === 'waiting')
    })
    return {
      ...made,
      run,
      params: { serviceId, runId: run.id },
      letGo: async () => void (await blocker.query('COMMIT')),
    }
  }

  async function factsOf(run: Run) {
    const reader = await platform.connectTo('platform', 'migrations')
    const { rows } = await reader.query('SELECT fact FROM migrations.run_facts WHERE run_id = $1', [run.id])
    await reader.end()
    return rows as { fact: { kind: string; blockers?: { query: string | null }[] } }[]
  }

  it('pauses it where it is, tells who is in the way, and lets it go on', async () => {
    const { run, params, letGo, target } = await blocked('paused')
    await service.client.pauseRun({ params })
    await reach(run, 'paused')
    const waiting = (await factsOf(run)).find(({ fact }) => fact.kind === 'waiting')
    expect(waiting?.fact.blockers?.[0]).toMatchObject({ application: 'test', query: null })
    await letGo()
    await service.client.resumeRun({ params })
    await reach(run, 'completed')
    expect((await target.query('SELECT count(*)::int AS n FROM counted')).rows).toEqual([{ n: 1 }])
  })

  it('cancels it half-way and takes back what was done', async () => {
    const { run, params, letGo, target } = await blocked('cancelled')
    await service.client.cancelRun({ params })
    await reach(run, 'undoing', 'undone', 'cancelled')
    await letGo()
    await reach(run, 'undone', 'cancelled')
    expect((await target.query('SELECT count(*)::int AS n FROM counted')).rows).toEqual([{ n: 0 }])
    const left = await target.query(
      "SELECT FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'state'",
    )
    expect(left.rowCount).toBe(0)
  })

  it('keeps it in its queue until a maintenance window opens', async () => {
    const { database, start } = await setUp('windowed')
    const { client } = service
    const closed = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 13)
    const window = {
      weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const,
      from: `${closed}:00`,
      to: `${closed}:59`,
      zone: 'UTC',
    }
    const change = (windows: object[]) =>
      client.changeDatabase({ params: { serviceId, databaseId: database.id }, body: { windows: windows as never } })
    await change([window])
    const run = await reach(await start({ phase: 'all' }), 'queued')
    expect(Date.parse(run.startsAt) - Date.now()).toBeGreaterThan(3_600_000)
    expect(new Date(run.startsAt).toISOString().slice(11, 16)).toBe(`${closed}:00`)
    await change([])
    await reach(run, 'completed')
  })
})
