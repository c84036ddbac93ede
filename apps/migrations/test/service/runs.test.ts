import { ContractProblem } from '@freehold/contracts-base'
import { catalogEvents, StrategyFile, toStrategy } from '@freehold/contracts-catalog'
import type { Run } from '@freehold/contracts-migrations'
import { loadConfig } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrationsConfig, start } from '../../src/start.ts'
import {
  addState,
  aMigration,
  dropNote,
  type Platform,
  password,
  renameTotal,
  startPlatform,
  waitFor,
} from './platform.ts'
import { buildService, type Service } from './service.ts'

let platform: Platform
let service: Service
const serviceId = 'shop'

beforeAll(async () => {
  platform = await startPlatform()
  service = await buildService(platform)
})

afterAll(async () => {
  await service?.close()
  await platform?.stop()
})

async function setUp(name: string, options: { migrations?: ReturnType<typeof aMigration>[]; windows?: never[] } = {}) {
  const url = await platform.createShop(name)
  const { client } = service
  const database = await client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })
  const set = await client.uploadMigrationSet({
    params: { serviceId },
    body: { migrations: options.migrations ?? [addState] },
  })
  const start = async (body: { phase?: 'expand' | 'all'; planId?: string } = {}): Promise<Run> =>
    await client.startRun({
      params: { serviceId, databaseId: database.id },
      body: { migrationSetId: set.id, ...body },
    })
  return { database, set, url, start, target: await platform.connectTo(name) }
}

async function reach(run: Run, ...states: Run['state'][]): Promise<Run> {
  return await waitFor(`${run.databaseName} to be ${states}`, async () => {
    const now = await service.client.getRun({ params: { serviceId, runId: run.id } })
    if (['failed', 'cancelled'].includes(now.state) && !states.includes(now.state)) {
      throw new Error(`the run is ${now.state}: ${JSON.stringify(now.problem)}`)
    }
    return states.includes(now.state) ? now : undefined
  })
}

const problemOf = async (call: Promise<unknown>): Promise<ContractProblem> => {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ContractProblem)
  return error as ContractProblem
}

describe('a run', () => {
  it('expands, waits with its window open, completes, and tells of each step by facts and events', async () => {
    const { start, target } = await setUp('good', { migrations: [addState, renameTotal] })
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
    const { start } = await setUp('destroying', { migrations: [addState, dropNote] })
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
    const { start, target } = await setUp('rejected', { migrations: [dropNote] })
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
    const { start } = await setUp('wrong', { migrations: [wrong] })
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

describe('the strategies of a service', () => {
  it('hold for its databases and those to come, the latest version only, until a database has its own', async () => {
    const params = { serviceId: 'wary' }
    const wary = service.clientOf('person:ada', { wary: 'owner' })
    const url = platform.server.url('nowhere', 'owner')
    const before = await wary.registerDatabase({ params, body: { name: 'before', connection: { url } } })
    expect(before).toMatchObject({ approval: 'destructive', maxLockMs: 100, windows: [] })
    const window = { weekdays: ['sat'], from: '22:00', to: '04:00', zone: 'Europe/Berlin' }
    const tell = async (version: number, maxLockMs: number): Promise<void> => {
      const file = StrategyFile.parse({ migrate: { approval: 'always', maxLockMs, windows: [window] } })
      const data = {
        serviceId: 'wary',
        version,
        text: '',
        strategy: toStrategy(file),
        restoredFrom: null,
        appliedBy: 'person:ada',
        appliedAt: new Date().toISOString(),
      }
      const { type, topic } = catalogEvents.strategyChanged
      await service.deliver({ id: uuidv7(), type, topic, key: 'wary', source: 'catalog', time: data.appliedAt, data })
    }
    await tell(2, 50)
    await tell(1, 20)
    const told = { approval: 'always', maxLockMs: 50, windows: [window] }
    expect(await wary.getDatabase({ params: { ...params, databaseId: before.id } })).toMatchObject(told)
    const body = { name: 'later', connection: { url }, maxLockMs: 70 }
    expect(await wary.registerDatabase({ params, body })).toMatchObject({ ...told, maxLockMs: 70 })
  })
})

describe('secrets', () => {
  it('shows the password in no answer, event, fact, row or log line, even when the database does not answer', async () => {
    const { client } = service
    const url = platform.server.url('nowhere', 'owner').replace('owner@', `owner:${password}@`)
    const database = await client.registerDatabase({
      params: { serviceId },
      body: { name: 'nowhere', connection: { url } },
    })
    expect(database.address).toMatchObject({ database: 'nowhere', user: 'owner' })
    const params = { serviceId, databaseId: database.id }
    const problem = await problemOf(client.getHistory({ params }))
    expect(problem).toMatchObject({ status: 502, code: 'FHD_MIGRATIONS_DATABASE_UNREACHABLE' })
    await problemOf(client.changeDatabase({ params, body: { connection: { url: `mysql://u:${password}@h/d` } } }))
    const reader = await platform.connectTo('platform', 'migrations')
    const { rows: tables } = await reader.query(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'migrations'",
    )
    const texts = [service.logged(), JSON.stringify(service.events), JSON.stringify([database, problem.problem])]
    for (const { name } of tables) {
      texts.push(JSON.stringify((await reader.query(`SELECT * FROM ${name}`)).rows))
    }
    expect(texts.filter((text) => text.includes(password))).toEqual([])
  })

  it('follows references to the environment and to files of one folder, and to nothing else', async () => {
    const { client } = service
    const register = (name: string, reference: string) =>
      client.registerDatabase({ params: { serviceId }, body: { name, connection: { reference } } })
    const missing = await register('referred', 'env:REFERRED_DATABASE_URL')
    const problem = await problemOf(client.getHistory({ params: { serviceId, databaseId: missing.id } }))
    expect(problem).toMatchObject({ code: 'FHD_MIGRATIONS_CONNECTION_INVALID' })
    for (const reference of ['env:SEALING_KEYS', 'file:../../etc/passwd', 'file:/etc/passwd']) {
      expect(await problemOf(register('elsewhere', reference))).toMatchObject({ status: 400 })
    }
  })
})

describe('an instance alone', () => {
  it('is ready and answers with the catalog and the broker down, and ends when told', async () => {
    const running = await start(loadConfig(migrationsConfig, platform.env({ LOG_LEVEL: 'silent' })))
    const ready = await fetch(`${running.url}/ready`)
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', checks: ['database'] }])
    const { paths } = (await (await fetch(`${running.url}/openapi.json`)).json()) as { paths: object }
    expect(Object.keys(paths)).toContain('/v1/services/{serviceId}/runs/{runId}/facts')
    await running.close()
  })
})

describe('rights and bad input', () => {
  it('answers 401 without a token, 403 without the role, 404 for another service’s things', async () => {
    const { start, database } = await setUp('guarded', { migrations: [dropNote] })
    const run = await reach(await start(), 'awaitingApproval')
    expect((await service.app.inject(`/v1/services/shop/runs/${run.id}`)).statusCode).toBe(401)
    const viewer = service.clientOf('person:vi', { shop: 'viewer' })
    expect(await viewer.getRun({ params: { serviceId, runId: run.id } })).toMatchObject({ state: 'awaitingApproval' })
    expect(await problemOf(viewer.cancelRun({ params: { serviceId, runId: run.id } }))).toMatchObject({ status: 403 })
    const operator = service.clientOf('person:op', { shop: 'operator' })
    const removal = operator.removeDatabase({ params: { serviceId, databaseId: database.id } })
    expect(await problemOf(removal)).toMatchObject({ status: 403 })
    const other = service.clientOf('person:ed', { other: 'owner' })
    expect(await problemOf(other.getRun({ params: { serviceId, runId: run.id } }))).toMatchObject({ status: 403 })
    expect(await problemOf(other.getRun({ params: { serviceId: 'other', runId: run.id } }))).toMatchObject({
      status: 404,
    })
    await service.client.cancelRun({ params: { serviceId, runId: run.id } })
  })

  it('refuses sets that do not hold together', async () => {
    const upload = (migrations: object[]) =>
      service.client.uploadMigrationSet({ params: { serviceId }, body: { migrations: migrations as never } })
    expect(await problemOf(upload([{ ...addState, sql: 'SELECT 1' }]))).toMatchObject({
      code: 'FHD_MIGRATIONS_SET_INVALID',
    })
    expect(await problemOf(upload([addState, addState]))).toMatchObject({ status: 422 })
    for (const id of ['../up', '..', 'a/b', 'a\\b', 'a\0', '']) {
      expect(await problemOf(upload([{ ...addState, id }]))).toMatchObject({ status: 400 })
    }
    const [one, other] = [await upload([addState, dropNote]), await upload([dropNote, addState])]
    expect(one.id).toBe(other.id)
  })
})
