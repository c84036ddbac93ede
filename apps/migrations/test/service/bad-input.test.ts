import { randomUUID } from 'node:crypto'
import { ProblemDocument, type Route } from '@freehold/contracts-base'
import { migrationsRoutes } from '@freehold/contracts-migrations'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addState, type Platform, startPlatform } from './platform.ts'
import { buildService, type Service } from './service.ts'

let platform: Platform
let service: Service
const known = {
  serviceId: 'shop',
  databaseId: '',
  migrationSetId: '',
  planId: '',
  runId: '',
  fleetRunId: '',
  letterId: '',
}

beforeAll(async () => {
  platform = await startPlatform()
  service = await buildService(platform, { WORKERS: 'off' })
  const params = { serviceId: 'shop' }
  const { client } = service
  const url = platform.server.url('nowhere', 'owner')
  const database = await client.registerDatabase({ params, body: { name: 'one', connection: { url } } })
  const other = await client.registerDatabase({ params, body: { name: 'two', connection: { url } } })
  known.databaseId = database.id
  known.migrationSetId = (await client.uploadMigrationSet({ params, body: { migrations: [addState] } })).id
  const body = { migrationSetId: known.migrationSetId }
  known.planId = (await client.makePlan({ params: { ...params, databaseId: database.id }, body })).id
  known.runId = (await client.startRun({ params: { ...params, databaseId: database.id }, body })).id
  // At rest, so that who follows it is told all and let go.
  await client.cancelRun({ params: { ...params, runId: known.runId } })
  known.letterId = randomUUID()
  known.fleetRunId = (await client.startFleetRun({ params, body: { ...body, databaseIds: [other.id] } })).id
})

afterAll(async () => {
  await service?.close()
  await platform?.stop()
})

const odd = fc.constantFrom<unknown>(
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  '',
  '%',
  '..',
  '*',
  '__proto__',
  '\u0000',
  '\ud800',
  '\u2028',
  "'; DROP TABLE runs; --",
  'x'.repeat(3000),
  '00000000-0000-0000-0000-000000000000',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  'postgresql://u:p@h/d?sslmode=nonsense',
  'postgresql://%zz@h/d',
  [],
  {},
  [[[[[[]]]]]],
  JSON.parse('{"__proto__": {"a": 1}}'),
)

/** Bodies that fit, in which one value is made odd. */
const bodies: Record<string, () => object> = {
  registerDatabase: () => ({
    name: 'three',
    schema: 'public',
    connection: { url: 'postgresql://a:b@h/d' },
    windows: [{ weekdays: ['sat'], from: '22:00', to: '04:00', zone: 'UTC' }],
    maxLockMs: 100,
    driftIntervalMs: 1000,
  }),
  changeDatabase: () => ({ connection: { reference: 'env:SHOP_DATABASE_URL' }, windows: [], approval: 'always' }),
  uploadMigrationSet: () => ({ migrations: [addState] }),
  makePlan: () => ({ migrationSetId: known.migrationSetId }),
  startRun: () => ({ migrationSetId: known.migrationSetId, planId: known.planId, notBefore: '2026-01-01T00:00:00Z' }),
  decideRun: () => ({ decision: 'approved', reason: 'because', contentHash: 'abc' }),
  startFleetRun: () => ({ migrationSetId: known.migrationSetId, databaseIds: [known.databaseId], parallelMax: 2 }),
  replayDeadLetters: () => ({ topic: 'freehold.catalog.strategy.v1', cursor: known.letterId }),
}

/** Returns the places of a value, as lists of keys. */
function placesOf(value: unknown): string[][] {
  const inner = value !== null && typeof value === 'object' ? Object.entries(value) : []
  return [[], ...inner.flatMap(([key, each]) => placesOf(each).map((rest) => [key, ...rest]))]
}

function replaceAt(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) {
    return by
  }
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  const fields = copy as Record<string, unknown>
  fields[key] = replaceAt(fields[key], rest, by)
  return copy
}

interface Call {
  params: Record<string, string>
  query: string
  body: unknown
}

function callsOf(name: string, route: Route): fc.Arbitrary<Call> {
  const text = odd.map((value) =>
    encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed()),
  )
  const names = Object.keys(route.params?.shape ?? {})
  const asKnown = fc.constant<Record<string, string>>({})
  const params =
    names.length === 0
      ? asKnown
      : fc.oneof(
          { weight: 3, arbitrary: asKnown },
          { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), text).map(([key, value]) => ({ [key]: value })) },
        )
  const query = fc.tuple(fc.constantFrom('limit', 'cursor', 'state', 'after', 'fleetRunId', 'type', 'key', 'x'), text)
  const base = bodies[name]?.() ?? {}
  const body = fc.tuple(fc.constantFrom(...placesOf(base)), odd).map(([place, value]) => replaceAt(base, place, value))
  return fc.record({ params, query: query.map(([key, value]) => `${key}=${value}`), body })
}

describe('bad input', () => {
  it.each(
    Object.entries<Route>(migrationsRoutes),
  )('to %s is answered with a problem, never with 5xx', async (name, route) => {
    const token = await service.issueToken('person:ada', { '*': 'owner' })
    await fc.assert(
      fc.asyncProperty(callsOf(name, route), async ({ params, query, body }) => {
        const path = route.path.replace(/:(\w+)/g, (_, key: keyof typeof known) => params[key] ?? known[key])
        const answer = await service.app.inject({
          method: route.method,
          url: `${path}?${query}`,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(route.method === 'GET' ? {} : { payload: JSON.stringify(body) }),
        })
        const isUnreachable = name === 'getHistory' && answer.statusCode === 502
        expect(answer.statusCode < 500 || isUnreachable, `${answer.statusCode} ${path}?${query} ${answer.body}`).toBe(
          true,
        )
        if (answer.statusCode >= 400) {
          expect(ProblemDocument.parse(answer.json()).status).toBe(answer.statusCode)
        }
      }),
      { numRuns: 60 },
    )
  })
})
