import { ProblemDocument, type Route } from '@freehold/contracts-base'
import { catalogRoutes } from '@freehold/contracts-catalog'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Catalog, openCatalog } from './open-catalog.ts'

let server: Server
let catalog: Catalog
let authorization: string
let address: string

beforeAll(async () => {
  server = await startTestServer(18)
  catalog = await openCatalog(server, 'bad_input')
  const { token } = await catalog.ring.sign({ subject: 'orders', roles: { '*': 'owner' } })
  authorization = `Bearer ${token}`
  address = await catalog.app.listen({ port: 0 })
  const owner = await catalog.as('person:ann', { '*': 'owner' })
  await owner('POST', '/v1/services', {
    serviceId: 'orders',
    text: 'config: { schema: { properties: { a: { type: object } } } }',
  })
})
afterAll(async () => {
  await catalog.close()
  await server.stop()
})

const routes: [string, Route][] = Object.entries(catalogRoutes)
const odd = fc.constantFrom(
  '',
  '%',
  '..',
  '%00',
  '*',
  'orders',
  '1',
  '-1',
  '1e9',
  '99999999999',
  '%F0%9F%90%98',
  'a'.repeat(3000),
  '__proto__',
  '1.0.0',
)
const words = [
  'serviceId',
  'text',
  'version',
  'ifVersion',
  'set',
  'unset',
  'contracts',
  'kind',
  'name',
  'document',
  'roles',
  '__proto__',
  'constructor',
  'apiKey',
  'idToken',
  'earlier',
  'later',
  'openapi',
  'paths',
  '$ref',
  'allOf',
  'properties',
  'a',
]
const body = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(
      null,
      true,
      0,
      -1,
      1e308,
      2 ** 53,
      '',
      'orders',
      '1.0.0',
      'event',
      'openapi',
      '3.1.0',
      '#',
      '#/a',
      '\u0000',
      '\ud800',
      '\u2028',
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 6 }),
  ),
})).value

/** Returns bodies that get past the shape of a route, with something odd in them. */
function nearMiss(route: Route): fc.Arbitrary<unknown> {
  const near: Record<string, object> = {
    '/v1/contract-comparisons': { kind: 'openapi', earlier: {}, later: {} },
    '/v1/services/:serviceId/contract-checks': { version: '9.0.0', contracts: [] },
    '/v1/services/:serviceId/releases': {
      version: '9.0.0',
      revision: '0123abc',
      artefact: 'x',
      contracts: [],
      migrations: [],
    },
    '/v1/services/:serviceId/configuration': { set: { a: {} } },
    '/v1/strategy-checks': { text: '' },
    '/v1/services/:serviceId/strategy': { text: '' },
  }
  return fc.tuple(fc.constantFrom(...words), body).map(([word, value]) => ({ ...near[route.path], [word]: value }))
}

/** Asks for a stream, which stays open, and lets go of it when its answer has begun. */
async function open(url: string) {
  const gone = new AbortController()
  const response = await fetch(address + url, { headers: { authorization }, signal: gone.signal })
  const body = response.ok ? '' : await response.text()
  gone.abort()
  return { statusCode: response.status, body, json: () => JSON.parse(body) }
}

async function send(route: Route, url: string, payload: unknown) {
  return await catalog.app.inject({
    method: route.method,
    url,
    headers: { authorization, 'content-type': 'application/json' },
    ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
  })
}

describe('bad input', () => {
  it.each(routes)('is a problem of the caller: %s', async (_, route) => {
    const values = fc.oneof(
      body,
      nearMiss(route),
      fc.string(),
      fc.constant('['.repeat(5000)),
      fc.constant('{"a":'.repeat(70)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { minLength: 5, maxLength: 5 }), odd, values, async (parts, query, payload) => {
        const places = [...parts]
        const path = route.path
          .replace(/:serviceId/, parts[0]?.length === 0 ? 'x' : 'orders')
          .replace(/:\w+/g, () => places.pop() ?? '')
        const url = `${path}?limit=${query}&cursor=${query}&from=${query}&to=${query}&after=${query}`
        const answer =
          route.stream === true
            ? await open(url)
            : await send(route, url, route.body === undefined ? undefined : payload)
        expect(answer.statusCode, `${url} ${answer.body}`).toBeLessThan(500)
        if (answer.statusCode >= 400) {
          expect(ProblemDocument.parse(answer.json()).status).toBe(answer.statusCode)
        }
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    ['a schema that contains itself in itself', { allOf: [{ $ref: '#' }] }],
    [
      'schemas that double at each level',
      Object.fromEntries(
        Array.from({ length: 40 }, (_, n) => [`d${n}`, { anyOf: [{ $ref: `#/d${n + 1}` }, { $ref: `#/d${n + 1}` }] }]),
      ) as object,
    ],
    ['a reference that cannot be decoded', { $ref: '#/%E0%A4%A' }],
    ['references in a ring', { $ref: '#/a', a: { $ref: '#/b' }, b: { $ref: '#/a' } }],
    ['what is no schema', { properties: 5, required: 'x', enum: {}, type: 7, items: null, anyOf: [1, null] }],
  ])('of a contract ends soon: %s', async (_, schema) => {
    const document = 'd0' in schema ? { ...schema, $ref: '#/d0', d40: { type: 'string' } } : schema
    const later = 'd0' in document ? { ...document, d40: { type: 'integer' } } : { ...document, maxLength: 1 }
    const { statusCode } = await send(catalogRoutes.compareContracts, '/v1/contract-comparisons', {
      kind: 'event',
      earlier: document,
      later,
    })
    expect(statusCode).toBe(200)
  })

  it('of a contract costs a bounded time, however its parts multiply', async () => {
    const wide = (name: string) => ({
      anyOf: Array.from({ length: 2000 }, (_, n) => ({ properties: { [name + n]: {} }, required: [name + n] })),
    })
    const payload = { kind: 'event', earlier: wide('a'), later: wide('b') }
    const { body } = await send(catalogRoutes.compareContracts, '/v1/contract-comparisons', payload)
    expect(body).toContain('too-large')
  })

  it('that is too much for one event is refused', async () => {
    const aliases = `config: { schema: { properties: { a: &a { type: string, enum: ['${'x'.repeat(20_000)}'] }, ${Array.from({ length: 20 }, (_, n) => `b${n}: *a`).join(', ')} } } }`
    const strategy = await send(catalogRoutes.applyStrategy, '/v1/services/orders/strategy', { text: aliases })
    expect([strategy.statusCode, strategy.json().detail]).toEqual([
      422,
      expect.stringContaining('with every alias written out'),
    ])
    const set = { a: { text: 'x'.repeat(300_000) } }
    const configuration = await send(catalogRoutes.changeConfiguration, '/v1/services/orders/configuration', { set })
    expect([configuration.statusCode, configuration.json().detail]).toEqual([
      422,
      expect.stringContaining('larger than 262144 bytes'),
    ])
    const migrations = Array.from({ length: 1500 }, (_, n) => ({
      id: `${n}${'x'.repeat(145)}`,
      checksum: 'a'.repeat(64),
    }))
    const contracts = Array.from({ length: 200 }, (_, n) => ({
      kind: 'event',
      name: `a${n}.${'b'.repeat(190)}`,
      document: {},
    }))
    const release = { version: '1.0.0', revision: '0123abc', artefact: 'x', contracts, migrations }
    expect((await send(catalogRoutes.registerRelease, '/v1/services/orders/releases', release)).statusCode).toBe(201)
  })
})
