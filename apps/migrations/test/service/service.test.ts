import { catalogEvents, StrategyFile, toStrategy } from '@freehold/contracts-catalog'
import { loadConfig } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrationsConfig, start } from '../../src/start.ts'
import { addState, dropNote, type Platform, password, startPlatform, waitFor } from './platform.ts'
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

  it('does not tell why a database cannot be reached, nor opens what lies beside the service', async () => {
    const { client } = service
    const port = new URL(platform.server.url('postgres')).port
    const register = (name: string, url: string) =>
      client.registerDatabase({ params: { serviceId }, body: { name, connection: { url } } })
    const places = [
      `127.0.0.1:${port}/without`,
      '127.0.0.1:1/without',
      'there-is-no.invalid:5432/without',
      `127.0.0.1:${port}/postgres?sslmode=verify-full`,
    ]
    const details = await Promise.all(
      places.map(async (place, index) => {
        const { id } = await register(`unreached-${index}`, `postgresql://owner@${place}`)
        return (await problemOf(client.getHistory({ params: { serviceId, databaseId: id } }))).problem.detail
      }),
    )
    expect(new Set(details).size).toBe(1)
    for (const place of ['%2Fetc/d', `127.0.0.1:${port}/d?sslmode=require&sslrootcert=/etc/passwd`]) {
      const answer = problemOf(register('beside', `postgresql://owner@${place}`))
      expect(await answer).toMatchObject({ code: 'FHD_MIGRATIONS_CONNECTION_INVALID' })
    }
  })

  it('follows references to the environment and to files of one folder, and to nothing else', async () => {
    const { client } = service
    const register = (name: string, reference: string) =>
      client.registerDatabase({ params: { serviceId }, body: { name, connection: { reference } } })
    const missing = await register('referred', 'env:SHOP_DATABASE_URL_REFERRED')
    const problem = await problemOf(client.getHistory({ params: { serviceId, databaseId: missing.id } }))
    expect(problem).toMatchObject({ code: 'FHD_MIGRATIONS_CONNECTION_INVALID' })
    for (const reference of ['env:SEALING_KEYS', 'file:../../etc/passwd', 'file:/etc/passwd', 'file:url']) {
      expect(await problemOf(register('elsewhere', reference))).toMatchObject({ status: 400 })
    }
    const params = { serviceId, databaseId: missing.id }
    for (const reference of ['env:SHOP_EU_DATABASE_URL', 'env:A_DATABASE_URL', 'file:shop-eu/url']) {
      const code = 'FHD_MIGRATIONS_CONNECTION_INVALID'
      expect(await problemOf(register('elsewhere', reference))).toMatchObject({ code })
      const change = client.changeDatabase({ params, body: { connection: { reference } } })
      expect(await problemOf(change)).toMatchObject({ code })
    }
  })
})

describe('a plan', () => {
  it('is given up when workers have ended in the middle of it too often', async () => {
    const { client } = service
    const params = { serviceId }
    const url = platform.server.url('nowhere', 'owner')
    const database = await client.registerDatabase({ params, body: { name: 'deadly', connection: { url } } })
    const set = await client.uploadMigrationSet({ params, body: { migrations: [addState] } })
    const writer = await platform.connectTo('platform', 'migrations')
    const planId = uuidv7()
    await writer.query(
      `INSERT INTO migrations.plans (id, service, database_id, migration_set_id, state, destructive, warnings, created_by,
              failures, lease_holder, lease_until)
       VALUES ($1, $2, $3, $4, 'making', '[]', '[]', 'person:ada', 4, 'killed', now() - interval '1 s')`,
      [planId, serviceId, database.id, set.id],
    )
    const plan = await waitFor('the plan to be given up', async () => {
      const now = await client.getPlan({ params: { ...params, planId } })
      return now.state === 'failed' && now
    })
    expect(plan.problem).toMatchObject({ code: 'FHD_MIGRATIONS_WORKERS_LOST' })
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
    const { start, database } = await setUp('guarded', [dropNote])
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
