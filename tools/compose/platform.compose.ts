// The composed platform at work: a service is registered and migrated, events go over Kafka, and each of Freehold's own
// services is rebuilt, migrated and replaced under traffic.

import { rm } from 'node:fs/promises'
import path from 'node:path'
import { runEvents } from '@freehold/contracts-migrations'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { findDocker } from '../docker/find-docker.ts'
import { skipWithout } from '../docker/skip-without.ts'
import { type ComposedPlatform, createPlatform, type ServiceName, services } from './composed-platform.ts'
import { makeNextVersion, nextMigration } from './next-version.ts'
import { type Call, startTraffic, type Traffic } from './traffic.ts'

const root = path.resolve(import.meta.dirname, '../..')
const found = await findDocker('postgres')
const missing = 'missing' in found ? found.missing : undefined
const patience = { timeout: 120_000, interval: 500 }
/** What the contract allows while the one instance of a service is replaced. */
const gapMsMax = 5000
const replacements = 3

describe('the composed platform', () => {
  let platform: ComposedPlatform
  beforeAll(async () => {
    if (missing === undefined) {
      platform = await createPlatform('whole')
      await platform.compose(['build'])
    }
  })
  afterAll(async () => await platform?.remove())
  beforeEach((context) => skipWithout(context, missing))

  it('comes up healthy, its services without rights of the machine', async () => {
    await platform.compose(['up', '--wait'])
    const status = JSON.parse(await platform.freehold(root, 'status', '--json')) as { services: object[] }
    expect(status.services).toMatchObject([
      { name: 'catalog', isReady: true },
      { name: 'migrations', isReady: true },
    ])
    for (const service of services) {
      const inside = async (script: string): Promise<string> =>
        (await platform.compose(['exec', '-T', service, 'sh', '-c', script])).trim()
      expect(await inside('id -u')).toBe('1000')
      expect(await inside('touch /app/x 2>/dev/null && echo written || echo refused')).toBe('refused')
    }
    // Who has the engine and who owns a schema are told apart: the catalog's image has no engine, a service no migrator.
    expect((await platform.compose(['exec', '-T', 'catalog', 'ls', '/app'])).split('\n')).not.toContain('node_modules')
    expect(await platform.ask('catalog', `SELECT has_schema_privilege('catalog', 'catalog', 'CREATE')`)).toEqual(['f'])
    expect(
      await platform.ask('catalog', `SELECT has_table_privilege('catalog', 'catalog._prisma_migrations', 'SELECT')`),
    ).toEqual(['f'])
    expect(await platform.ask('catalog', `SELECT has_database_privilege('migrations', 'catalog', 'CONNECT')`)).toEqual([
      'f',
    ])
  })

  it('takes a service of the shop through two releases', async () => {
    await platform.ask('postgres', `CREATE ROLE orders_owner LOGIN PASSWORD 'of-the-shop'`)
    await platform.ask('postgres', 'CREATE DATABASE orders OWNER orders_owner')
    const [first, second] = [1, 2].map((version) => path.join(root, 'examples/shop/orders', String(version)))
    const url = 'postgresql://orders_owner:of-the-shop@postgres:5432/orders'
    await platform.freehold(first as string, 'service', 'add', '--database-url', url)
    const deploy = async (folder = '', ...args: string[]): Promise<object> =>
      JSON.parse(await platform.freehold(folder, 'migrate', 'deploy', '--service', 'orders', '--json', ...args))
    expect(await deploy(first)).toMatchObject({ outcome: 'done' })
    expect(await deploy(second, '--approve', 'nobody reads it')).toMatchObject({ outcome: 'windowOpen' })
    const completed = await platform.freehold(
      second as string,
      'migrate',
      'complete',
      '--service',
      'orders',
      '--yes',
      '--json',
    )
    expect(JSON.parse(completed)).toMatchObject({ outcome: 'done' })
  })

  it('carries events over Kafka from one service into the other', async () => {
    await platform.catalog.applyStrategy({
      params: { serviceId: 'orders' },
      body: { text: 'name: orders\nmigrate: { maxLockMs: 77 }\n' },
    })
    await vi.waitFor(async () => {
      const { items } = await platform.migrations.listDatabases({ params: { serviceId: 'orders' }, query: {} })
      expect(items).toMatchObject([{ maxLockMs: 77 }])
    }, patience)
    const { topic, type } = runEvents.completed
    expect((await platform.readTopic(topic)).filter((event) => event.type === type)).toHaveLength(2)
  })

  it('lets each service be rebuilt, migrated and replaced alone', async () => {
    const traffic = startTraffics(platform)
    const next = makeNextVersion()
    try {
      const gaps = { catalog: [] as number[], migrations: [] as number[] }
      for (const service of services) {
        await migrateToNext(platform, service, next)
        for (let round = 1; round <= replacements; round += 1) {
          gaps[service].push(await replace(platform, service, { from: next, traffic: traffic[service] }))
        }
        expect(await platform.ask(service, appliedQuery(service))).toEqual(['1'])
        const health = (await (await fetch(`${platform.urls[service]}/health`)).json()) as { version: string }
        expect(health.version).toBe('0.2.0')
      }
      for (const service of services) {
        const { answered, refused, failed, done } = await traffic[service].stop()
        report(service, { gaps: gaps[service], answered, refused: refused.length })
        expect(failed).toEqual([])
        // Refused was nothing but what came while this service itself was away, and of that nothing was carried out.
        expect(refused.filter(({ startedAt }) => !traffic[service].isReplacing(startedAt))).toEqual([])
        expect(Math.max(...gaps[service])).toBeLessThanOrEqual(gapMsMax)
        const known = await platform.ask(service, knownQueries[service])
        expect(done.filter((subject) => !known.includes(subject))).toEqual([])
        expect(refused.map(({ call }) => call.subject ?? '').filter((subject) => known.includes(subject))).toEqual([])
      }
    } finally {
      await Promise.all(services.map(async (service) => await traffic[service].stop()))
      await rm(next, { recursive: true, force: true })
    }
  })
})

const appliedQuery = (service: ServiceName): string =>
  `SELECT count(*) FROM ${service}._prisma_migrations WHERE migration_name = '${nextMigration}' AND finished_at IS NOT NULL`

const knownQueries: Record<ServiceName, string> = {
  catalog: 'SELECT id FROM catalog.services',
  migrations: 'SELECT name FROM migrations.databases',
}

interface WatchedTraffic extends Traffic {
  /** When the service was replaced, as [begin, end]. */
  replacing: [number, number][]
  isReplacing(at: number): boolean
}

/** Of ten requests one changes something; its subject is looked up afterwards. */
function startTraffics(platform: ComposedPlatform): Record<ServiceName, WatchedTraffic> {
  const connection = { url: 'postgresql://nobody:nothing@postgres:5432/nowhere' }
  const calls: Record<ServiceName, { read: string; write(subject: string): Call }> = {
    catalog: {
      read: '/v1/services/orders',
      write: (subject) => ({ method: 'POST', path: '/v1/services', body: { serviceId: subject }, subject }),
    },
    migrations: {
      read: '/v1/services/orders/databases',
      write: (subject) => ({
        method: 'POST',
        path: '/v1/services/orders/databases',
        body: { name: subject, connection },
        subject,
      }),
    },
  }
  const start = (service: ServiceName): WatchedTraffic => {
    let count = 0
    const replacing: [number, number][] = []
    const traffic = startTraffic(platform.urls[service], async () => {
      count += 1
      const { read, write } = calls[service]
      const call: Call = count % 10 === 0 ? write(`made-${count}`) : { method: 'GET', path: read }
      return { call, token: await platform.token() }
    })
    return {
      ...traffic,
      replacing,
      isReplacing: (at) => replacing.some(([begin, end]) => begin <= at && at <= end),
    }
  }
  return { catalog: start('catalog'), migrations: start('migrations') }
}

/** Builds what the next version of a service consists of, and brings its schema to it while the old one serves. */
async function migrateToNext(platform: ComposedPlatform, service: ServiceName, from: string): Promise<void> {
  const next = { from, env: { FREEHOLD_VERSION: '0.2.0' } }
  await platform.compose(['build', service, `${service}-schema`], next)
  await platform.compose(['run', '--rm', '-T', `${service}-schema`], next)
}

/** Replaces the one instance of a service; returns how long callers were refused. */
async function replace(
  platform: ComposedPlatform,
  service: ServiceName,
  { from, traffic }: { from: string; traffic: WatchedTraffic },
): Promise<number> {
  const begin = performance.now()
  const answered = traffic.outcome.answered
  traffic.outcome.gapMs = 0
  await platform.compose(['up', '--wait', '--no-deps', '--force-recreate', service], {
    from,
    env: { FREEHOLD_VERSION: '0.2.0' },
  })
  await vi.waitFor(() => expect(traffic.outcome.answered).toBeGreaterThan(answered + 20), patience)
  traffic.replacing.push([begin, performance.now()])
  return traffic.outcome.gapMs
}

function report(
  service: ServiceName,
  { gaps, answered, refused }: { gaps: number[]; answered: number; refused: number },
): void {
  const sorted = gaps.map(Math.round).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  process.stdout.write(
    `${service}: replaced ${gaps.length} times, refusing for ${sorted.join(', ')} ms (median ${median}); ${answered} requests answered, ${refused} refused\n`,
  )
}
