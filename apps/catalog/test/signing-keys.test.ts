import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { parseSealingKeys } from '@freehold/service'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { resealAll } from '../src/domain/identity/reseal.ts'
import { createKeyRing } from '../src/domain/identity/signing-keys.ts'
import { type Catalog, callerOf, openCatalog, sealingKey } from './open-catalog.ts'

let server: Server
beforeAll(async () => {
  server = await startTestServer(18)
})
afterAll(() => server.stop())

describe('signing keys', () => {
  let own: Catalog
  beforeAll(async () => {
    own = await openCatalog(server, 'keys')
  })
  afterAll(() => own.close())

  it('are published before they sign, and rotated while old tokens go on', async () => {
    let nowMs = Date.now()
    const options = {
      store: own.store,
      sealingKeys: parseSealingKeys(sealingKey),
      tokenLifetimeS: 300,
      keyLifetimeMs: 86_400_000,
    }
    const ring = createKeyRing({ ...options, now: () => nowMs })
    await ring.keep()
    const kidOf = async (): Promise<string> => {
      const { token } = await ring.sign({ subject: 'orders', roles: {} })
      return JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString()).kid
    }
    const first = await kidOf()
    // An instance that has just started knows them with its first request.
    expect((await createKeyRing(options).read())?.map(({ kid }) => kid)).toEqual([first])
    expect(await createKeyRing(options).sign({ subject: 'orders', roles: {} })).toHaveProperty('token')
    nowMs += 86_400_000
    await ring.keep()
    expect(await ring.read()).toHaveLength(2)
    expect(await kidOf()).toBe(first)
    nowMs += 16 * 60_000
    const second = await kidOf()
    expect(second).not.toBe(first)
    nowMs += 60 * 60_000
    await ring.keep()
    expect((await ring.read())?.map(({ kid }) => kid)).toEqual([second])
    expect(await own.events('signing-key.rotated')).toHaveLength(2)
    await own.ring.keep()
    expect((await callerOf(own.app)('GET', '/.well-known/jwks.json')).body.keys).toMatchObject([
      { kid: second, crv: 'Ed25519' },
    ])
    expect(JSON.stringify(await callerOf(own.app)('GET', '/.well-known/jwks.json'))).not.toContain('"d"')
  })

  it('and secrets are sealed again with a new key, after which the old one opens nothing', async () => {
    const next = `k2:${Buffer.alloc(32, 9).toString('base64')}`
    const both = parseSealingKeys(`${next},${sealingKey}`)
    expect(await resealAll(own.store, both)).toBe(1)
    expect(await resealAll(own.store, both)).toBe(0)
    const options = { store: own.store, tokenLifetimeS: 300, keyLifetimeMs: 86_400_000 * 365 }
    const ring = createKeyRing({ ...options, sealingKeys: parseSealingKeys(next) })
    await ring.refresh()
    expect(await ring.read()).toHaveLength(1)
    await expect(createKeyRing({ ...options, sealingKeys: parseSealingKeys(sealingKey) }).refresh()).rejects.toThrow(
      /key k2/,
    )
    expect(await resealAll(own.store, parseSealingKeys(`${sealingKey},${next}`))).toBe(1)
  })

  it('are sealed again in batches, without waiting for a row that another holds', async () => {
    const many = await openCatalog(server, 'reseal')
    onTestFinished(() => many.close())
    const text = 'config: { schema: { properties: { a: { type: string, secret: true } } } }'
    const ann = await many.as('person:ann', { '*': 'owner' })
    await ann('POST', '/v1/services', { serviceId: 'orders', text })
    for (const a of ['one', 'two', 'three', 'four', 'five']) {
      expect((await ann('PATCH', '/v1/services/orders/configuration', { set: { a } })).status).toBe(200)
    }
    const both = parseSealingKeys(`k3:${Buffer.alloc(32, 5).toString('base64')},${sealingKey}`)
    const other = await connect({ connectionString: many.databaseUrl, applicationName: 'test' })
    await other.query('BEGIN')
    await other.query('SELECT FROM catalog.secrets ORDER BY id LIMIT 1 FOR UPDATE')
    expect(await resealAll(many.store, both, 2)).toBe(5)
    await other.query('ROLLBACK')
    await other.end()
    expect(await resealAll(many.store, both, 2)).toBe(1)
    const entries = (await ann('GET', '/v1/audit-entries?action=secrets.resealed')).body.items
    expect(entries.map(({ after }: { after: { resealed: number } }) => after.resealed)).toEqual([1, 2, 3])
    const reread = await many.store.selectFrom('secrets').select('sealed').execute()
    expect(reread.every(({ sealed }) => sealed.startsWith('k3.'))).toBe(true)
  })
})
