import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expireInstances } from '../src/domain/instances/report-instance.ts'
import { type Caller, type Catalog, openCatalog } from './open-catalog.ts'

let server: Server
let catalog: Catalog
let operator: Caller

beforeAll(async () => {
  server = await startTestServer(18)
  catalog = await openCatalog(server, 'releases')
  const owner = await catalog.as('person:ann', { '*': 'owner' })
  await owner('POST', '/v1/services', { serviceId: 'orders' })
  operator = await catalog.as('person:olga', { orders: 'operator' })
})
afterAll(async () => {
  await catalog.close()
  await server.stop()
})

const api = (properties: Record<string, object>, more: object = {}) => ({
  kind: 'openapi',
  name: 'api',
  document: {
    openapi: '3.1.0',
    info: { title: 'orders', version: '1' },
    paths: {
      '/orders': {
        get: {
          responses: {
            200: {
              description: 'Orders.',
              content: {
                'application/json': { schema: { type: 'object', properties, required: Object.keys(properties) } },
              },
            },
          },
        },
      },
      ...more,
    },
  },
})
const placed = (properties: Record<string, object>) => ({
  kind: 'event',
  name: 'shop.orders.order.placed.v1',
  document: { type: 'object', properties, required: Object.keys(properties) },
})
const text = { type: 'string' }
const release = (version: string, contracts: object[], migrations: object[] = []) => ({
  version,
  revision: '0123abc',
  artefact: `registry/orders@sha256:${version}`,
  contracts,
  migrations,
})
const url = '/v1/services/orders/releases'
const first = release(
  '1.0.0',
  [api({ id: text, note: text }), placed({ id: text })],
  [{ id: '1_begin', checksum: 'a'.repeat(64) }],
)

describe('releases', () => {
  it('are registered once, and stay what they are', async () => {
    const registered = await operator('POST', url, first)
    expect(registered).toMatchObject({
      status: 201,
      body: { serviceId: 'orders', version: '1.0.0', findings: [], registeredBy: 'person:olga' },
    })
    expect(registered.body.contracts).toEqual([
      { kind: 'event', name: 'shop.orders.order.placed.v1', digest: expect.stringMatching(/^sha256:/) },
      { kind: 'openapi', name: 'api', digest: expect.stringMatching(/^sha256:/) },
    ])
    expect(await operator('POST', url, first)).toEqual({ status: 200, body: registered.body })
    expect(await operator('POST', url, { ...first, revision: '0123abd' })).toMatchObject({
      status: 409,
      body: { code: 'FHD_CATALOG_RELEASE_EXISTS' },
    })
    expect((await operator('GET', `${url}/1.0.0`)).body).toEqual(registered.body)
    expect((await operator('GET', `${url}/1.0.0/contracts/openapi/api`)).body).toEqual(
      first.contracts[0] && api({ id: text, note: text }).document,
    )
    expect((await operator('GET', `${url}/1.0.0/contracts/event/none`)).body.code).toBe(
      'FHD_CATALOG_CONTRACT_NOT_FOUND',
    )
    expect((await operator('GET', `${url}/9.9.9`)).body.code).toBe('FHD_CATALOG_RELEASE_NOT_FOUND')
    expect((await operator('GET', '/v1/services/orders')).body.latestRelease).toBe('1.0.0')
    expect(await catalog.events('release.registered')).toMatchObject([
      { key: 'orders', data: { version: '1.0.0', digest: registered.body.digest } },
    ])
  })

  it('may not break callers without a new major version', async () => {
    const breaking = release('1.1.0', [api({ id: text }), placed({ id: text })])
    const refused = await operator('POST', url, breaking)
    expect(refused).toMatchObject({ status: 409, body: { code: 'FHD_CATALOG_CONTRACT_BREAKING' } })
    expect(refused.body.errors[0]).toEqual({
      pointer: expect.stringMatching(/^\/paths\/~1orders\/get\/.*\/properties\/note$/),
      detail: expect.stringMatching(/^openapi api: required-removed: the property note is gone/),
    })
    const check = { version: '1.1.0', contracts: breaking.contracts }
    expect((await operator('POST', '/v1/services/orders/contract-checks', check)).body).toMatchObject({
      allowed: false,
    })
    const removed = await operator('POST', url, release('1.1.0', [api({ id: text, note: text })]))
    expect(removed.body.detail).toMatch(/event shop.orders.order.placed.v1/)
    const major = await operator('POST', url, { ...breaking, version: '2.0.0' })
    expect(major).toMatchObject({
      status: 201,
      body: { findings: [{ rule: 'required-removed', severity: 'breaking', against: '1.0.0' }] },
    })
  })

  it('may not break the handlers of an event under any version', async () => {
    const typed = release('3.0.0', [api({ id: text }), placed({ id: { type: 'integer' } })])
    const refused = await operator('POST', url, typed)
    expect(refused).toMatchObject({ status: 409, body: { code: 'FHD_CATALOG_CONTRACT_BREAKING' } })
    const owner = await catalog.as('person:ann', { orders: 'owner' })
    await owner('PUT', '/v1/services/orders/strategy', { text: 'events: { compatibility: none }' })
    expect(
      (await operator('POST', '/v1/services/orders/contract-checks', { version: '3.0.0', contracts: typed.contracts }))
        .body,
    ).toEqual({ allowed: true, findings: [] })
    await owner('PUT', '/v1/services/orders/strategy', { text: '' })
  })

  it('compare a patch of an old line with that line', async () => {
    const patch = release('1.0.1', [api({ id: text, note: text, more: text }), placed({ id: text })])
    expect((await operator('POST', url, patch)).status).toBe(201)
    expect((await operator('GET', '/v1/services/orders')).body.latestRelease).toBe('2.0.0')
    expect((await operator('GET', `${url}?limit=2`)).body).toMatchObject({
      items: [{ version: '1.0.1' }, { version: '2.0.0' }],
      nextCursor: expect.any(String),
    })
  })

  it('may not change a migration that was released', async () => {
    const changed = release(
      '2.1.0',
      [api({ id: text }), placed({ id: text })],
      [{ id: '1_begin', checksum: 'b'.repeat(64) }],
    )
    expect(await operator('POST', url, changed)).toMatchObject({
      status: 409,
      body: { code: 'FHD_CATALOG_MIGRATION_CHANGED' },
    })
    expect((await operator('GET', `${url}/2.1.0`)).status).toBe(404)
  })

  it('need contracts that can be read', async () => {
    for (const contracts of [[{ ...api({}), document: { openapi: '2.0' } }], [api({}), api({})]]) {
      expect(await operator('POST', url, release('4.0.0', contracts))).toMatchObject({
        status: 422,
        body: { code: 'FHD_CATALOG_CONTRACT_INVALID' },
      })
    }
    expect((await operator('POST', url, { ...first, version: '1.0' })).status).toBe(400)
  })

  it('are one when several register the same at once', async () => {
    const same = release('2.2.0', [api({ id: text }), placed({ id: text })])
    const answers = await Promise.all(Array.from({ length: 6 }, () => operator('POST', url, same)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201])
  })
})

describe('comparing contracts', () => {
  it('needs no service', async () => {
    const earlier = placed({ id: text }).document
    const later = placed({ id: text, more: text }).document
    const compare = async (compatibility: string) =>
      (await operator('POST', '/v1/contract-comparisons', { kind: 'event', earlier, later, compatibility })).body
        .findings
    expect(await compare('forward')).toEqual([])
    expect(await compare('backward')).toMatchObject([
      { side: 'backward', rule: 'required-added', pointer: '/properties/more' },
    ])
  })
})

describe('instances', () => {
  it('are known from their first report until they end or are not heard of', async () => {
    const report = (instanceId: string, body: object) =>
      operator('PUT', `/v1/services/orders/instances/${instanceId}`, body)
    const at = Date.now()
    expect(await report('a1', { version: '1.0.0', address: 'http://127.0.0.1:8080' })).toMatchObject({
      status: 200,
      body: { instanceId: 'a1' },
    })
    await report('a1', { version: '1.0.0', address: 'http://127.0.0.1:8080' })
    await report('a1', { version: '1.0.1', address: 'http://127.0.0.1:8080' })
    await report('a2', { version: '1.0.0', lifetimeMs: 60_000 })
    const ids = async () =>
      (await operator('GET', '/v1/services/orders/instances')).body.items.map(
        (each: { instanceId: string }) => each.instanceId,
      )
    expect(await ids()).toEqual(['a1', 'a2'])
    expect((await operator('DELETE', '/v1/services/orders/instances/a2')).status).toBe(204)
    expect(await operator('DELETE', '/v1/services/orders/instances/a2')).toMatchObject({
      status: 404,
      body: { code: 'FHD_CATALOG_INSTANCE_NOT_FOUND' },
    })
    expect(await expireInstances(catalog.store, new Date(at + 20_000))).toBe(0)
    expect(await expireInstances(catalog.store, new Date(at + 40_000))).toBe(1)
    expect(await ids()).toEqual([])
    const told = (await catalog.events())
      .filter(({ type }) => type.includes('.instance.'))
      .map(({ type, data }) => `${type.split('.')[3]} ${data['instanceId']} ${data['version']}`)
    expect(told).toEqual([
      'registered a1 1.0.0',
      'registered a1 1.0.1',
      'registered a2 1.0.0',
      'removed a2 1.0.0',
      'expired a1 1.0.1',
    ])
  })
})
