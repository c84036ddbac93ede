import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, type Catalog, openCatalog } from './open-catalog.ts'

let server: Server
let catalog: Catalog
let owner: Caller

beforeAll(async () => {
  server = await startTestServer(18)
  catalog = await openCatalog(server, 'services')
  owner = await catalog.as('person:ann', { '*': 'owner' })
})
afterAll(async () => {
  await catalog.close()
  await server.stop()
})

const file = (pageSize: number) => `name: orders
migrate: { approval: always }
config:
  schema:
    properties:
      pageSize: { type: integer, minimum: 1, maximum: 100, default: 20 }
      greeting: { type: string, maxLength: 10 }
      paymentKey: { type: string, secret: true, minLength: 4 }
    required: [paymentKey]
  values: { pageSize: ${pageSize} }
events: { contracts: { shop.orders.order.placed.v1: placed.json } }
`

describe('strategies', () => {
  it('are registered with the service, versioned, compared and put back, each time with an event', async () => {
    const registered = await owner('POST', '/v1/services', { serviceId: 'orders', text: file(30) })
    expect(registered).toMatchObject({
      status: 201,
      body: { id: 'orders', strategyVersion: 1, configurationVersion: 1 },
    })
    expect(await owner('POST', '/v1/services', { serviceId: 'orders' })).toMatchObject({
      status: 409,
      body: { code: 'FHD_CATALOG_SERVICE_EXISTS' },
    })
    const applied = await owner('PUT', '/v1/services/orders/strategy', { text: file(40), ifVersion: 1 })
    expect(applied).toMatchObject({
      status: 200,
      body: { version: 2, strategy: { config: { values: { pageSize: 40 } } } },
    })
    expect((await owner('PUT', '/v1/services/orders/strategy', { text: file(40) })).body.version).toBe(2)
    expect(await owner('PUT', '/v1/services/orders/strategy', { text: file(50), ifVersion: 1 })).toMatchObject({
      status: 409,
      body: { code: 'FHD_CATALOG_VERSION_STALE' },
    })
    expect((await owner('GET', '/v1/services/orders/strategy/difference?from=1&to=2')).body.changes).toEqual([
      { pointer: '/config/values/pageSize', before: 30, after: 40 },
    ])
    const restored = await owner('POST', '/v1/services/orders/strategy/restorations', { version: 1 })
    expect(restored).toMatchObject({ status: 201, body: { version: 3, restoredFrom: 1, text: file(30) } })
    const versions = (await owner('GET', '/v1/services/orders/strategy/versions?limit=2')).body
    expect(versions).toMatchObject({
      items: [{ version: 3, restoredFrom: 1, by: 'person:ann' }, { version: 2 }],
      nextCursor: '2',
    })
    expect((await owner('GET', '/v1/services/orders/strategy/versions?cursor=2')).body.items).toHaveLength(1)
    expect((await owner('GET', '/v1/services/orders/strategy/versions/2')).body.text).toBe(file(40))
    expect((await owner('GET', '/v1/services/orders/strategy')).body.version).toBe(3)
    expect((await owner('GET', '/v1/services/orders')).body).toMatchObject({
      strategyVersion: 3,
      configurationVersion: 3,
    })
    const events = await catalog.events('strategy.changed')
    expect(events.map(({ key, data }) => [key, data['version']])).toEqual([
      ['orders', 1],
      ['orders', 2],
      ['orders', 3],
    ])
    expect(await catalog.events('service.registered')).toMatchObject([{ key: 'orders', data: { id: 'orders' } }])
  })

  it('let owners alone change how a service is migrated, by a file or by putting one back', async () => {
    await owner('POST', '/v1/services', { serviceId: 'ledger', text: 'migrate: { approval: always }' })
    const self = await catalog.as('ledger', { ledger: 'operator' })
    const strategy = '/v1/services/ledger/strategy'
    const refusedBy = async (answer: ReturnType<Caller>): Promise<void> => {
      const { status, body } = await answer
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'FHD_REQUEST_ROLE_MISSING' })
      expect(body.detail).toMatch(/role owner on ledger/)
    }
    for (const text of ['', 'migrate: { approval: destructive }', 'migrate: { approval: always, maxLockMs: 900 }']) {
      await refusedBy(self('PUT', strategy, { text }))
    }
    // The same section in other words, and all the rest, is an operator's.
    const rest = 'migrate:\n  maxLockMs: 100\n  approval: always\nevents: { compatibility: none }\n'
    expect(await self('PUT', strategy, { text: rest })).toMatchObject({ status: 200, body: { version: 2 } })
    expect((await self('POST', `${strategy}/restorations`, { version: 1 })).status).toBe(201)
    const lead = await catalog.as('person:lea', { ledger: 'owner' })
    expect((await lead('PUT', strategy, { text: '' })).body.version).toBe(4)
    await refusedBy(self('POST', `${strategy}/restorations`, { version: 1 }))
    expect((await owner('GET', '/v1/services/ledger')).body.strategyVersion).toBe(4)
  })

  it('are refused with line and column, and change nothing', async () => {
    const text = 'name: orders\nmigrate:\n  maxLokMs: 5\nscale: { min: 2 }\n'
    const refused = await owner('PUT', '/v1/services/orders/strategy', { text })
    expect(refused).toMatchObject({ status: 422, body: { code: 'FHD_CATALOG_STRATEGY_INVALID' } })
    expect(refused.body.errors).toEqual([
      { pointer: '/body/text', detail: 'line 3, column 3: maxLokMs is not known here; did you mean maxLockMs?' },
      { pointer: '/body/text', detail: expect.stringMatching(/^line 4, column 10: scale is not carried out/) },
    ])
    expect((await owner('POST', '/v1/strategy-checks', { text })).body.faults[0]).toMatchObject({
      line: 3,
      column: 3,
      pointer: '/migrate/maxLokMs',
    })
    expect((await owner('POST', '/v1/strategy-checks', { text: '' })).body).toMatchObject({
      faults: [],
      strategy: { migrate: {} },
    })
    expect(await owner('PUT', '/v1/services/orders/strategy', { text: 'name: other' })).toMatchObject({
      status: 422,
      body: { code: 'FHD_CATALOG_STRATEGY_OF_ANOTHER' },
    })
    expect((await owner('GET', '/v1/services/orders')).body.strategyVersion).toBe(3)
  })

  it('tell who consumes what', async () => {
    const text =
      'api: { consumes: [orders] }\nevents: { consumes: [shop.orders.order.placed.v1, shop.other.thing.done.v1] }'
    await owner('POST', '/v1/services', { serviceId: 'billing', text })
    expect((await owner('GET', '/v1/services/orders/consumers')).body.items).toEqual([
      { consumer: 'billing', kind: 'api', name: 'orders' },
      { consumer: 'billing', kind: 'event', name: 'shop.orders.order.placed.v1' },
    ])
    await owner('PUT', '/v1/services/billing/strategy', { text: '' })
    expect((await owner('GET', '/v1/services/orders/consumers')).body.items).toEqual([])
  })
})

describe('configuration', () => {
  const url = '/v1/services/orders/configuration'

  it('is typed by the declared schema, and told without its secrets', async () => {
    expect((await owner('GET', url)).body).toMatchObject({
      missing: ['paymentKey'],
      settings: {
        pageSize: { origin: 'file', value: 30, secret: false },
        greeting: { origin: 'unset' },
        paymentKey: { origin: 'unset', secret: true, required: true },
      },
    })
    const changed = await owner('PATCH', url, { set: { paymentKey: 'hunter22', greeting: 'hello', pageSize: 60 } })
    expect(changed).toMatchObject({
      status: 200,
      body: { missing: [], settings: { pageSize: { origin: 'set', value: 60 } } },
    })
    const [event] = (await catalog.events('configuration.changed')).slice(-1)
    expect(event).toMatchObject({
      key: 'orders',
      data: { version: changed.body.version, settings: { greeting: { value: 'hello' } } },
    })
    expect(changed.body.settings.paymentKey).toEqual({
      secret: true,
      required: true,
      origin: 'set',
      secretId: expect.any(String),
    })
  })

  it.each([
    [{ set: { pageSize: 'many' } }, '/pageSize is not of the type integer'],
    [{ set: { pageSize: 101 } }, '/pageSize is more than 100'],
    [{ set: { greeting: 'far too long' } }, '/greeting is longer than 10 characters'],
    [{ set: { unknown: 1 } }, '/unknown is not declared in config.schema of freehold.yaml'],
    [{ set: { paymentKey: 'abc' } }, '/paymentKey is shorter than 4 characters'],
    [{ unset: ['unknown'] }, '/unknown is not declared in config.schema of freehold.yaml'],
  ])('refuses %j', async (change, detail) => {
    expect(await owner('PATCH', url, change)).toMatchObject({
      status: 422,
      body: { code: 'FHD_CATALOG_CONFIGURATION_INVALID', detail },
    })
  })

  it('gives values with secrets to the service itself only, and puts that down', async () => {
    const service = await catalog.as('orders', { orders: 'operator' })
    const { body } = await service('POST', `${url}/readings`)
    expect(body.values).toEqual({ pageSize: 60, greeting: 'hello', paymentKey: 'hunter22' })
    expect(await owner('POST', `${url}/readings`)).toMatchObject({
      status: 403,
      body: { code: 'FHD_CATALOG_VALUES_FOREIGN' },
    })
    const audit = await owner('GET', '/v1/audit-entries?action=configuration.read')
    expect(audit.body.items).toMatchObject([{ actor: 'orders', serviceId: 'orders' }])
  })

  it('is put back with the secrets of then', async () => {
    const before = (await owner('GET', url)).body
    await owner('PATCH', url, { set: { paymentKey: 'changed!' }, unset: ['greeting'], ifVersion: before.version })
    expect(await owner('PATCH', url, { set: {}, ifVersion: before.version })).toMatchObject({ status: 409 })
    const difference = (await owner('GET', `${url}/difference?from=${before.version}&to=${before.version + 1}`)).body
    expect(difference.changes.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/greeting/origin',
      '/greeting/value',
      '/paymentKey/secretId',
    ])
    const restored = await owner('POST', `${url}/restorations`, { version: before.version })
    expect(restored).toMatchObject({
      status: 201,
      body: { restoredFrom: before.version, settings: { greeting: { value: 'hello' } } },
    })
    const service = await catalog.as('orders', { orders: 'operator' })
    expect((await service('POST', `${url}/readings`)).body.values.paymentKey).toBe('hunter22')
    expect((await owner('GET', `${url}/versions?limit=1`)).body.items).toMatchObject([{ restoredFrom: before.version }])
    expect((await owner('GET', `${url}/versions/${before.version}`)).body).toEqual(before)
  })

  it('keeps a new schema from disagreeing with values that are set', async () => {
    const narrowed = file(30).replace('maximum: 100', 'maximum: 50')
    expect(await owner('PUT', '/v1/services/orders/strategy', { text: narrowed })).toMatchObject({
      status: 422,
      body: { code: 'FHD_CATALOG_CONFIGURATION_INVALID', detail: '/pageSize is more than 50' },
    })
    const revealing = file(30).replace(', secret: true', '')
    expect((await owner('PUT', '/v1/services/orders/strategy', { text: revealing })).body.detail).toBe(
      '/paymentKey has a value that is secret: unset it before it becomes plain',
    )
  })

  it('shows a secret nowhere: not in answers, events, logs, the audit log or the tables', async () => {
    const answers = await Promise.all(
      [
        url,
        `${url}/versions`,
        `${url}/difference?from=1&to=4`,
        '/v1/audit-entries',
        '/v1/services/orders/strategy',
      ].map(async (each) => JSON.stringify((await owner('GET', each)).body)),
    )
    const kept = [
      await catalog.events(),
      await catalog.store.selectFrom('secrets').selectAll().execute(),
      await catalog.store.selectFrom('configuration_versions').selectAll().execute(),
      await catalog.store.selectFrom('audit_entries').selectAll().execute(),
      await catalog.store.selectFrom('signing_keys').selectAll().execute(),
    ].map((rows) => JSON.stringify(rows))
    const all = [...answers, ...kept, ...catalog.logs].join('\n')
    expect(kept[1]).toContain('k1.')
    expect(all).not.toMatch(/hunter22|changed!|PRIVATE KEY/)
  })
})
