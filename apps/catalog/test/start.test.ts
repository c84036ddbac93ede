import { createServer } from 'node:http'
import { createCatalogClient } from '@freehold/contracts-catalog'
import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { loadConfig } from '@freehold/service'
import { installEventsLog, openEvents } from '@freehold/service/events'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { catalogConfig, start } from '../src/start.ts'
import { migratePlainly, prepareDatabase, sealingKey } from './open-catalog.ts'

const apiKey = `fhk_${Buffer.alloc(32, 5).toString('base64url')}`
let server: Server
let urls: Awaited<ReturnType<typeof prepareDatabase>>

beforeAll(async () => {
  server = await startTestServer(18)
  urls = await prepareDatabase(server, 'started')
  await migratePlainly(urls.migratorUrl)
})
afterAll(() => server.stop())

const configured = (settings: Record<string, string> = {}) =>
  loadConfig(catalogConfig, {
    PORT: '0',
    LOG_LEVEL: 'silent',
    EVENT_LOOP_LAG_MAX_MS: '60000',
    DATABASE_URL: urls.databaseUrl,
    EVENTS_URL: urls.databaseUrl,
    CONFIG_KEY: sealingKey,
    BOOTSTRAP_API_KEY: apiKey,
    ...settings,
  })

/** Returns a client of the service that calls as the owner of the platform. */
function clientOf(baseUrl: string) {
  const anonymous = createCatalogClient({ baseUrl })
  return createCatalogClient({ baseUrl, token: async () => (await anonymous.issueToken({ body: { apiKey } })).token })
}

const isReady = async (url: string): Promise<void> => {
  const response = await fetch(`${url}/ready`)
  expect(response.status, await response.text()).toBe(200)
}

describe('the catalog', () => {
  it('is ready and serves while nothing takes its events, and tells of everything when the log is there', async () => {
    const first = await start(configured())
    await vi.waitFor(() => isReady(first.url), { timeout: 10_000 })
    await clientOf(first.url).registerService({ body: { serviceId: 'orders', text: 'config: {}' } })
    await first.close()

    await installEventsLog({ connectionString: urls.adminUrl, services: ['catalog'] })
    const second = await start(configured())
    await vi.waitFor(() => isReady(second.url), { timeout: 10_000 })
    expect(await clientOf(second.url).getService({ params: { serviceId: 'orders' } })).toMatchObject({ id: 'orders' })
    const transport = openEvents(urls.databaseUrl, { name: 'catalog', version: '0', instance: 'test' })
    const types: string[] = []
    const subscription = await transport.subscribe({
      group: 'catalog.test',
      topics: ['service', 'strategy', 'configuration', 'api-key', 'signing-key'].map(
        (each) => `freehold.catalog.${each}.v1`,
      ),
      onRecords: async (records) => {
        types.push(...records.map(({ type }) => type.split('.').slice(2, 4).join('.')))
      },
    })
    await vi.waitFor(() => expect(types).toHaveLength(5), { timeout: 15_000 })
    expect(types.sort()).toEqual([
      'api-key.created',
      'configuration.changed',
      'service.registered',
      'signing-key.rotated',
      'strategy.changed',
    ])
    await subscription.close()
    await transport.close()
    await second.close()
  })

  it('takes the bootstrap key once, and leaves it revoked when it was', async () => {
    const first = await start(configured())
    await vi.waitFor(() => isReady(first.url), { timeout: 10_000 })
    const client = clientOf(first.url)
    const { items } = await client.listApiKeys()
    expect(items).toMatchObject([{ subject: 'person:owner', roles: { '*': 'owner' }, note: 'BOOTSTRAP_API_KEY' }])
    await client.revokeApiKey({ params: { keyId: items[0]?.id as string } })
    await first.close()
    const second = await start(configured())
    await vi.waitFor(() => isReady(second.url), { timeout: 10_000 })
    await expect(createCatalogClient({ baseUrl: second.url }).issueToken({ body: { apiKey } })).rejects.toMatchObject({
      status: 401,
    })
    await second.close()
  })

  it('says why it is not ready while its schema is not there, and becomes ready by itself', async () => {
    const other = await prepareDatabase(server, 'empty')
    const service = await start(configured({ DATABASE_URL: other.databaseUrl, EVENTS_URL: other.databaseUrl }))
    const response = await fetch(`${service.url}/ready`)
    expect(response.status).toBe(503)
    expect(((await response.json()) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)).toEqual(
      ['/database', '/signing keys'],
    )
    const refused = createCatalogClient({ baseUrl: service.url }).issueToken({ body: { apiKey } })
    await expect(refused).rejects.toMatchObject({ name: 'ContractProblem' })
    await migratePlainly(other.migratorUrl)
    await vi.waitFor(() => isReady(service.url), { timeout: 10_000 })
    await service.close()
  })

  it('leaves nothing behind when its port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as { port: number }
    await expect(start(configured({ PORT: String(port) }))).rejects.toMatchObject({ code: 'EADDRINUSE' })
    holder.close()
    const admin = await connect({ connectionString: server.url('started'), applicationName: 'test' })
    await vi.waitFor(async () => {
      const { rows } = await admin.query("SELECT count(*)::integer FROM pg_stat_activity WHERE usename = 'catalog'")
      expect(rows[0].count).toBe(0)
    })
    await admin.end()
  })
})
