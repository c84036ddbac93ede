import { catalogEvents, StrategyFile, toStrategy } from '@freehold/contracts-catalog'
import type { Client } from '@freehold/postgres'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from './platform.ts'
import { type Asking, buildService, type Service } from './service.ts'
import { problemOf } from './shop-runs.ts'

let platform: Platform
let service: Service
let operator: Asking
let migrator: Client

beforeAll(async () => {
  platform = await startPlatform()
  service = await buildService(platform, { WORKERS: 'off' })
  operator = service.clientOf('person:op', { '*': 'operator' })
  migrator = await platform.connectTo('platform', 'migrations_migrator')
})
beforeEach(async () => {
  await migrator.query('TRUNCATE migrations.dead_letters, migrations.policies')
})
afterAll(async () => {
  await service?.close()
  await platform?.stop()
})

const { type, topic } = catalogEvents.strategyChanged

/** Tells of a version of a service's strategies, which asks for approval always. */
async function tell(serviceId: string, version: number): Promise<void> {
  const time = new Date().toISOString()
  const data = {
    ...{ serviceId, version, text: '', restoredFrom: null, appliedBy: 'person:ada', appliedAt: time },
    strategy: toStrategy(StrategyFile.parse({ migrate: { approval: 'always' } })),
  }
  await service.deliver({ id: uuidv7(), type, topic, key: serviceId, source: 'catalog', time, data })
}

/** Tells while nothing can be entered, so that what is told is put aside. */
async function tellInVain(...told: [string, number][]): Promise<void> {
  await migrator.query('REVOKE INSERT, UPDATE ON migrations.policies FROM migrations')
  for (const [serviceId, version] of told) {
    await tell(serviceId, version)
  }
  await migrator.query('GRANT INSERT, UPDATE ON migrations.policies TO migrations')
}

async function versions(): Promise<Record<string, number>> {
  const { rows } = await migrator.query<{ service: string; strategy_version: number }>(
    'SELECT service, strategy_version FROM migrations.policies',
  )
  return Object.fromEntries(rows.map((row) => [row.service, row.strategy_version]))
}

describe('dead letters of the service', () => {
  it('are listed in pages without their data, and read one by one with it', async () => {
    await tellInVain(['wary', 1], ['wary', 2], ['brave', 1])
    const first = await operator.listDeadLetters({ query: { limit: 2 } })
    const second = await operator.listDeadLetters({ query: { limit: 2, cursor: first.nextCursor ?? '' } })
    const listed = [...first.items, ...second.items]
    expect(listed).toMatchObject([
      { key: 'wary', type, attempts: 6, error: expect.stringContaining('permission denied') },
      { key: 'wary', type, attempts: 0, error: null },
      { key: 'brave', type, attempts: 6 },
    ])
    expect(second.nextCursor).toBeNull()
    expect(listed.filter((letter) => 'data' in letter)).toEqual([])
    const chosen = await operator.listDeadLetters({ query: { type: 'freehold.catalog.strategy', key: 'brave' } })
    expect(chosen.items).toEqual([listed[2]])
    const whole = await operator.getDeadLetter({ params: { letterId: listed[1]?.letterId ?? '' } })
    expect(whole).toMatchObject({ ...listed[1], data: { serviceId: 'wary', version: 2 } })
  })

  it('are applied again one by one, in the order of their key, and who did it is in the log', async () => {
    await tellInVain(['wary', 1], ['wary', 2])
    const [one, two] = (await operator.listDeadLetters()).items
    const replay = (letterId = '') => operator.replayDeadLetter({ params: { letterId } })
    expect(await replay(two?.letterId)).toEqual({ outcome: 'waits', behindLetterId: one?.letterId })
    expect(await versions()).toEqual({})
    expect(await replay(one?.letterId)).toEqual({ outcome: 'applied', records: 2 })
    expect(await versions()).toEqual({ wary: 2 })
    expect(await problemOf(replay(one?.letterId))).toMatchObject({ status: 404, code: 'FHD_EVENTS_LETTER_NOT_FOUND' })
    expect(service.logged()).toMatch(/"subject":"person:op".*"a dead letter was replayed"/)
  })

  it('are applied again by topic', async () => {
    await tellInVain(['wary', 1], ['wary', 2], ['brave', 1])
    const replay = (name: string) => operator.replayDeadLetters({ body: { topic: name } })
    expect(await replay('freehold.catalog.service.v1')).toEqual({ records: 0, failed: [], nextCursor: null })
    expect(await replay(topic)).toEqual({ records: 3, failed: [], nextCursor: null })
    expect(await versions()).toEqual({ wary: 2, brave: 1 })
    expect((await operator.listDeadLetters()).items).toEqual([])
  })

  it('are seen by viewers of the platform and replayed by its operators only', async () => {
    const letterId = uuidv7()
    const owner = service.clientOf('person:ada', { shop: 'owner' })
    expect(await problemOf(owner.listDeadLetters())).toMatchObject({ status: 403 })
    const viewer = service.clientOf('person:vi', { '*': 'viewer' })
    expect((await viewer.listDeadLetters()).items).toEqual([])
    expect(await problemOf(viewer.getDeadLetter({ params: { letterId } }))).toMatchObject({ status: 404 })
    expect(await problemOf(viewer.replayDeadLetter({ params: { letterId } }))).toMatchObject({ status: 403 })
    expect(await problemOf(viewer.replayDeadLetters({ body: { topic } }))).toMatchObject({ status: 403 })
  })
})
