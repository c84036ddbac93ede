import { ContractProblem, StreamInterrupted } from '@freehold/contracts-base'
import { type Configuration, createCatalogClient } from '@freehold/contracts-catalog'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { parseSealingKeys } from '@freehold/service'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeyRing } from '../src/domain/identity/signing-keys.ts'
import { type Caller, type Catalog, openCatalog, sealingKey } from './open-catalog.ts'

const params = { serviceId: 'orders' }
let server: Server
let catalog: Catalog
let owner: Caller
let baseUrl: string
let version: number

beforeAll(async () => {
  server = await startTestServer(18)
  catalog = await openCatalog(server, 'configuration_changes')
  baseUrl = await catalog.app.listen({ port: 0 })
  owner = await catalog.as('person:ann', { '*': 'owner' })
  const text = 'config: { schema: { properties: { size: { type: integer }, key: { type: string, secret: true } } } }'
  await owner('POST', '/v1/services', { serviceId: 'orders', text })
})
beforeEach(async () => {
  version = (await owner('GET', '/v1/services/orders/configuration')).body.version
})
afterAll(async () => {
  await catalog.close()
  await server.stop()
})

const change = (set: object) => owner('PATCH', '/v1/services/orders/configuration', { set })
const tokenOf = async (subject: string, roles: Record<string, 'viewer'>): Promise<string> =>
  (await catalog.ring.sign({ subject, roles })).token

/** Follows as the service itself; `next` gives what is told next. */
function follow(after?: number): { next(): Promise<Configuration>; end(): Promise<void> } {
  const client = createCatalogClient({ baseUrl, token: () => tokenOf('orders', { orders: 'viewer' }) })
  const gone = new AbortController()
  const query = after === undefined ? {} : { after }
  const told = client.followConfiguration({ params, query, signal: gone.signal })[Symbol.asyncIterator]()
  return {
    next: async () => {
      const { value } = await told.next()
      if (value === undefined) {
        throw new Error('the stream has ended')
      }
      return value
    },
    async end() {
      gone.abort()
      await told.next().catch(() => {})
    },
  }
}

describe('the changes of a configuration', () => {
  it('are told to all who follow, first what holds, each with its version and without secrets', async () => {
    const both = [follow(), follow()]
    for (const each of both) {
      expect(await each.next()).toMatchObject({ ...params, version })
    }
    await change({ size: 5 })
    for (const each of both) {
      expect(await each.next()).toMatchObject({ version: version + 1, settings: { size: { origin: 'set', value: 5 } } })
    }
    await change({ key: 'hunter-two-three' })
    const [last] = await Promise.all(both.map(async (each) => await each.next()))
    expect(last).toMatchObject({
      version: version + 2,
      settings: { key: { origin: 'set', secretId: expect.any(String) } },
    })
    expect(JSON.stringify(last)).not.toContain('hunter')
    await Promise.all(both.map(async (each) => await each.end()))
  })

  it('go on behind the version that is known, whether the query or the header names it', async () => {
    const known = follow(version)
    const next = known.next()
    await change({ size: 6 })
    await change({ size: 7 })
    expect((await next).version).toBeGreaterThan(version)
    await known.end()
    const token = await tokenOf('orders', { orders: 'viewer' })
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': String(version + 1) }
    const url = `${baseUrl}/v1/services/orders/configuration/changes?after=1`
    const { body } = await fetch(url, { headers })
    let text = ''
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes('\n\n')) {
        break
      }
    }
    expect(text).toMatch(new RegExp(`^id: ${version + 2}\\ndata: \\{"serviceId":"orders","version":${version + 2},`))
    const refused = await fetch(url, { headers: { ...headers, 'last-event-id': 'x' } })
    expect([refused.status, await refused.json()]).toMatchObject([400, { errors: [{ pointer: '/query/after' }] }])
  })

  it('are told until the token ends that asked for them', async () => {
    const sealingKeys = parseSealingKeys(sealingKey)
    const ring = createKeyRing({ store: catalog.store, sealingKeys, tokenLifetimeS: 3, keyLifetimeMs: 86_400_000 })
    await ring.keep()
    const { token } = await ring.sign({ subject: 'orders', roles: { orders: 'viewer' } })
    const client = createCatalogClient({ baseUrl, token: async () => token })
    const told = client.followConfiguration({ params })[Symbol.asyncIterator]()
    expect((await told.next()).value).toMatchObject(params)
    await expect(told.next()).rejects.toThrow(StreamInterrupted)
  })

  it('are told to nobody without a role, and not of a service that there is not', async () => {
    const follower = (subject: string, roles: Record<string, 'viewer'>) =>
      createCatalogClient({ baseUrl, token: () => tokenOf(subject, roles) })
    const problemOf = async (serviceId: string, roles: Record<string, 'viewer'>): Promise<unknown> => {
      try {
        for await (const told of follower('billing', roles).followConfiguration({ params: { serviceId } })) {
          return told
        }
        return undefined
      } catch (error) {
        return error instanceof ContractProblem ? error.code : error
      }
    }
    expect(await problemOf('orders', { billing: 'viewer' })).toBe('FHD_REQUEST_ROLE_MISSING')
    expect(await problemOf('nothing', { '*': 'viewer' })).toBe('FHD_CATALOG_SERVICE_NOT_FOUND')
  })
})
