import { catalogRoutes } from '@freehold/contracts-catalog'
import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuditVerifier, verifyAuditLog } from '../src/store/audit.ts'
import type { Store } from '../src/store/schema.ts'
import { type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'
import { type Caller, type Catalog, callerOf, openCatalog } from './open-catalog.ts'

let server: Server
let issuer: FakeIssuer
let catalog: Catalog
let nobody: Caller
let owner: Caller

beforeAll(async () => {
  server = await startTestServer(18)
  issuer = await startFakeIssuer()
  catalog = await openCatalog(server, 'access', {
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: 'freehold-console',
    OIDC_SUBJECT_CLAIM: 'email',
    OIDC_GROUP_ROLES: JSON.stringify({ shop: { orders: 'operator', billing: 'viewer' }, leads: { orders: 'owner' } }),
  })
  nobody = callerOf(catalog.app)
  owner = await catalog.as('person:ann', { '*': 'owner' })
  await owner('POST', '/v1/services', { serviceId: 'orders' })
  await owner('POST', '/v1/services', { serviceId: 'billing' })
})
afterAll(async () => {
  await catalog.close()
  await issuer.close()
  await server.stop()
})

const places: Record<string, string> = {
  serviceId: 'orders',
  version: '1',
  kind: 'event',
  name: 'a',
  instanceId: 'a1',
  keyId: '00000000-0000-7000-8000-000000000000',
}
const guarded = Object.entries(catalogRoutes).filter(([, { access }]) => access !== 'public')

describe('access', () => {
  it.each(guarded)('is denied by default: %s', async (_, route) => {
    const url = route.path.replace(/:(\w+)/g, (_match, name: string) => places[name] ?? name)
    expect(await nobody(route.method, url)).toMatchObject({ status: 401, body: { code: 'FHD_REQUEST_TOKEN_INVALID' } })
    const stranger = await catalog.as('person:bob', { other: 'owner' })
    const { status } = await stranger(route.method, url)
    // Whoever has a token may ask these; what they see is narrowed to what is theirs.
    expect(route.access === 'authenticated' ? [200, 400, 404] : [403]).toContain(status)
  })

  it('goes by the role on the service, or on the platform', async () => {
    const viewer = await catalog.as('person:vic', { orders: 'viewer' })
    expect((await viewer('GET', '/v1/services/orders')).status).toBe(200)
    expect((await viewer('GET', '/v1/services/billing')).status).toBe(403)
    expect((await viewer('PUT', '/v1/services/orders/strategy', { text: '' })).status).toBe(403)
    expect((await viewer('GET', '/v1/services')).body.items.map(({ id }: { id: string }) => id)).toEqual(['orders'])
    expect((await viewer('GET', '/v1/audit-entries')).status).toBe(403)
    expect((await viewer('GET', '/v1/services/orders/audit-entries')).body.items).not.toEqual([])
    expect((await owner('GET', '/v1/services?limit=1')).body).toMatchObject({
      items: [{ id: 'billing' }],
      nextCursor: 'billing',
    })
    expect(await owner('GET', '/v1/services/missing')).toMatchObject({
      status: 404,
      body: { code: 'FHD_CATALOG_SERVICE_NOT_FOUND' },
    })
  })
})

describe('API keys', () => {
  it('are shown once, exchanged for tokens, listed, and revoked for good', async () => {
    const created = await owner('POST', '/v1/api-keys', { kind: 'service', service: 'orders', note: 'first' })
    expect(created).toMatchObject({ status: 201, body: { key: { subject: 'orders', roles: { orders: 'operator' } } } })
    const { apiKey, key } = created.body
    const issued = await nobody('POST', '/v1/tokens', { apiKey })
    expect(issued.status).toBe(201)
    expect(Date.parse(issued.body.expiresAt) - Date.now()).toBeLessThanOrEqual(600_000)
    const orders = callerOf(catalog.app, { authorization: `Bearer ${issued.body.token}` })
    expect((await orders('GET', '/v1/services/orders')).status).toBe(200)
    expect((await orders('GET', '/v1/services/billing')).status).toBe(403)
    expect((await owner('GET', '/v1/api-keys')).body.items).toMatchObject([{ id: key.id, prefix: apiKey.slice(0, 12) }])
    expect((await owner('DELETE', `/v1/api-keys/${key.id}`)).status).toBe(204)
    expect((await owner('DELETE', `/v1/api-keys/${key.id}`)).status).toBe(204)
    expect(await nobody('POST', '/v1/tokens', { apiKey })).toMatchObject({
      status: 401,
      body: { code: 'FHD_REQUEST_API_KEY_INVALID' },
    })
    expect((await catalog.events('api-key.revoked')).map((event) => event.key)).toEqual([key.id])
    const everything = JSON.stringify([
      await catalog.events(),
      (await owner('GET', '/v1/audit-entries')).body,
      (await owner('GET', '/v1/api-keys')).body,
      catalog.logs,
    ])
    expect(everything).not.toContain(apiKey)
    expect(everything).not.toContain(issued.body.token)
  })

  it('end when they said they would', async () => {
    const expiresAt = new Date(Date.now() - 1000).toISOString()
    const { body } = await owner('POST', '/v1/api-keys', { kind: 'person', person: 'eve', roles: {}, expiresAt })
    expect((await nobody('POST', '/v1/tokens', { apiKey: body.apiKey })).status).toBe(401)
    expect((await nobody('POST', '/v1/tokens', { apiKey: 'fhk_guess' })).status).toBe(401)
  })

  it('give away no more than their maker owns', async () => {
    const lead = await catalog.as('person:lea', { orders: 'owner' })
    const tooWide = { status: 403, body: { code: 'FHD_CATALOG_GRANT_TOO_WIDE' } }
    expect((await lead('POST', '/v1/api-keys', { kind: 'service', service: 'orders' })).status).toBe(201)
    expect(await lead('POST', '/v1/api-keys', { kind: 'service', service: 'billing' })).toMatchObject(tooWide)
    expect(
      await lead('POST', '/v1/api-keys', { kind: 'service', service: 'orders', roles: { '*': 'viewer' } }),
    ).toMatchObject(tooWide)
    expect(
      await lead('POST', '/v1/api-keys', { kind: 'person', person: 'ann', roles: { orders: 'viewer' } }),
    ).toMatchObject(tooWide)
    expect(
      (await lead('POST', '/v1/api-keys', { kind: 'person', person: 'lea', roles: { orders: 'viewer' } })).status,
    ).toBe(201)
    expect((await lead('GET', '/v1/api-keys')).body.items).toHaveLength(3)
    const viewer = await catalog.as('person:vic', { orders: 'viewer' })
    expect((await viewer('GET', '/v1/api-keys')).body.items).toEqual([])
    const [first] = (await lead('GET', '/v1/api-keys')).body.items
    expect(await viewer('DELETE', `/v1/api-keys/${first.id}`)).toMatchObject({
      status: 404,
      body: { code: 'FHD_CATALOG_KEY_NOT_FOUND' },
    })
  })
})

describe('revoking', () => {
  it('takes every role that the key has, also for the key’s own subject', async () => {
    const roles = { orders: 'operator', billing: 'owner' }
    const { key } = (await owner('POST', '/v1/api-keys', { kind: 'person', person: 'zoe', roles })).body
    const url = `/v1/api-keys/${key.id}`
    const zoe = await catalog.as('person:zoe', { orders: 'owner', billing: 'operator' })
    const refused = await zoe('DELETE', url)
    expect(refused).toMatchObject({ status: 403, body: { code: 'FHD_CATALOG_KEY_ABOVE_CALLER' } })
    expect(refused.body.detail).toBe('The key has the role owner on billing.')
    const whole = await catalog.as('person:zoe', { orders: 'operator', billing: 'owner' })
    expect((await whole('DELETE', url)).status).toBe(204)
  })
})

describe('signing in', () => {
  it('takes an ID token of the issuer for its person, with the roles of the groups', async () => {
    const idToken = await issuer.issue({ sub: '1', email: 'ann@shop.example', groups: ['shop', 'leads', 'other'] })
    const { status, body } = await nobody('POST', '/v1/sign-ins', { idToken })
    const subject = `person:${new URL(issuer.url).host}/ann@shop.example`
    expect({ status, subject: body.subject }).toEqual({ status: 201, subject })
    const ann = callerOf(catalog.app, { authorization: `Bearer ${body.token}` })
    expect((await ann('GET', '/v1/services/billing')).status).toBe(200)
    expect((await ann('PUT', '/v1/services/billing/strategy', { text: '' })).status).toBe(403)
    expect((await ann('POST', '/v1/api-keys', { kind: 'service', service: 'orders' })).status).toBe(201)
    expect((await owner('GET', '/v1/audit-entries?action=person.signed-in')).body.items).toHaveLength(1)
  })

  it('makes nobody the holder of a key whose name they bear, and their keys end within 90 days', async () => {
    const idToken = await issuer.issue({ sub: '2', email: 'owner', groups: ['leads'] })
    const { body } = await nobody('POST', '/v1/sign-ins', { idToken })
    const namesake = callerOf(catalog.app, { authorization: `Bearer ${body.token}` })
    const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()
    const mine = await owner('POST', '/v1/api-keys', { kind: 'person', person: 'owner', roles: { orders: 'owner' } })
    const theirs = await owner('POST', '/v1/api-keys', { kind: 'person', person: 'owner', roles: { '*': 'viewer' } })
    expect((await namesake('DELETE', `/v1/api-keys/${theirs.body.key.id}`)).status).toBe(404)
    expect((await namesake('GET', '/v1/api-keys?limit=100')).body.items).not.toContainEqual(
      expect.objectContaining({ id: theirs.body.key.id }),
    )
    expect(
      await namesake('POST', '/v1/api-keys', { kind: 'person', person: 'owner', roles: { orders: 'viewer' } }),
    ).toMatchObject({ status: 403, body: { code: 'FHD_CATALOG_GRANT_TOO_WIDE' } })
    const asked = { kind: 'service', service: 'orders' }
    const { key } = (await namesake('POST', '/v1/api-keys', asked)).body
    expect(key.expiresAt > inDays(89) && key.expiresAt <= inDays(90)).toBe(true)
    expect(await namesake('POST', '/v1/api-keys', { ...asked, expiresAt: inDays(91) })).toMatchObject({
      status: 422,
      body: { code: 'FHD_CATALOG_KEY_LASTS_TOO_LONG' },
    })
    expect((await namesake('POST', '/v1/api-keys', { ...asked, expiresAt: inDays(1) })).status).toBe(201)
    expect(mine.body.key.expiresAt > inDays(399) && mine.body.key.expiresAt <= inDays(400)).toBe(true)
  })

  it('lets everybody make keys for themselves, with an end and with no role that they have not', async () => {
    const idToken = await issuer.issue({ sub: '3', email: 'self@shop.example', groups: ['shop'] })
    const { body } = await nobody('POST', '/v1/sign-ins', { idToken })
    const person = callerOf(catalog.app, { authorization: `Bearer ${body.token}` })
    const own = await person('POST', '/v1/api-keys', { kind: 'self' })
    expect(own.body.key).toMatchObject({
      kind: 'person',
      subject: body.subject,
      roles: { orders: 'operator', billing: 'viewer' },
    })
    const issued = (await nobody('POST', '/v1/tokens', { apiKey: own.body.apiKey })).body
    const byKey = callerOf(catalog.app, { authorization: `Bearer ${issued.token}` })
    const less = await byKey('POST', '/v1/api-keys', { kind: 'self', roles: { orders: 'viewer' } })
    expect(less.body.key).toMatchObject({ subject: body.subject, roles: { orders: 'viewer' } })
    const lessIssued = (await nobody('POST', '/v1/tokens', { apiKey: less.body.apiKey })).body
    const byLess = callerOf(catalog.app, { authorization: `Bearer ${lessIssued.token}` })
    const tooWide = { status: 403, body: { code: 'FHD_CATALOG_GRANT_TOO_WIDE' } }
    for (const roles of [{ orders: 'owner' }, { billing: 'operator' }, { '*': 'viewer' }, { other: 'viewer' }]) {
      expect(await person('POST', '/v1/api-keys', { kind: 'self', roles })).toMatchObject(tooWide)
    }
    expect(await byLess('POST', '/v1/api-keys', { kind: 'self', roles: { orders: 'operator' } })).toMatchObject(tooWide)
    const late = new Date(Date.now() + 401 * 86_400_000).toISOString()
    for (const maker of [owner, person, byLess]) {
      expect(await maker('POST', '/v1/api-keys', { kind: 'self', expiresAt: late })).toMatchObject({
        status: 422,
        body: { code: 'FHD_CATALOG_KEY_LASTS_TOO_LONG' },
      })
    }
  })

  it('gives nobody more than twenty keys at a time, however fast they ask', async () => {
    const many = await catalog.as('person:max', { orders: 'viewer' })
    const asked = await Promise.all(
      Array.from({ length: 25 }, async () => await many('POST', '/v1/api-keys', { kind: 'self' })),
    )
    expect(asked.filter(({ status }) => status === 201)).toHaveLength(20)
    const refused = asked.filter(({ status }) => status !== 201)
    expect(refused.every(({ status, body }) => status === 409 && body.code === 'FHD_CATALOG_KEYS_TOO_MANY')).toBe(true)
    const [{ id }] = (await many('GET', '/v1/api-keys?limit=1')).body.items
    await many('DELETE', `/v1/api-keys/${id}`)
    expect((await many('POST', '/v1/api-keys', { kind: 'self' })).status).toBe(201)
  })

  it.each<[string, Parameters<FakeIssuer['issue']>]>([
    ['another key', [{ sub: '1', email: 'a@b.c' }, { isForged: true }]],
    ['another audience', [{ sub: '1', email: 'a@b.c' }, { audience: 'other' }]],
    [
      'several audiences, made for another',
      [{ sub: '1', email: 'a@b.c', azp: 'other' }, { audience: ['freehold-console', 'other'] }],
    ],
    ['another issuer', [{ sub: '1', email: 'a@b.c' }, { issuer: 'https://other.example' }]],
    ['an hour ago', [{ sub: '1', email: 'a@b.c' }, { ageS: 3000 }]],
    ['nobody', [{ sub: '1', email: '' }]],
  ])('refuses a token of %s', async (_, parameters) => {
    const idToken = await issuer.issue(...parameters)
    expect(await nobody('POST', '/v1/sign-ins', { idToken })).toMatchObject({
      status: 401,
      body: { code: 'FHD_CATALOG_ID_TOKEN_INVALID' },
    })
  })

  it('refuses an unsigned token, and text that is none', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${part({ alg: 'none' })}.${part({ iss: issuer.url, aud: 'freehold-console', sub: '1', email: 'a@b.c' })}.`
    for (const idToken of [unsigned, 'a.b.c', 'x']) {
      expect((await nobody('POST', '/v1/sign-ins', { idToken })).status).toBe(401)
    }
  })
})

describe('the audit log', () => {
  const refused = [
    'UPDATE catalog.audit_entries SET actor = $$x$$',
    'DELETE FROM catalog.audit_entries',
    'TRUNCATE catalog.audit_entries',
    'UPDATE catalog.audit_head SET position = 0',
    'SELECT * FROM catalog.audit_head',
    'ALTER TABLE catalog.audit_entries DISABLE TRIGGER ALL',
    'DROP TABLE catalog.audit_entries',
    'SET session_replication_role = replica',
    'SELECT catalog.hash_audit_entry(entry) FROM catalog.audit_entries AS entry',
  ]

  it.each(refused)('stays as it is for the service’s own role: %s', async (statement) => {
    const client = await connect({ connectionString: catalog.databaseUrl, applicationName: 'test' })
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
    await client.end()
  })

  it('is out of reach for every other service’s role', async () => {
    const client = await connect({ connectionString: server.url('access', 'neighbour'), applicationName: 'test' })
    for (const table of ['audit_entries', 'services', 'secrets', 'api_keys', 'signing_keys', 'outbox']) {
      await expect(client.query(`SELECT * FROM catalog.${table}`)).rejects.toMatchObject({ code: '42501' })
      await expect(client.query(`DELETE FROM catalog.${table}`)).rejects.toMatchObject({ code: '42501' })
    }
    for (const call of ['verify_audit_log()', 'verify_audit_range(0, 1)']) {
      await expect(client.query(`SELECT catalog.${call}`)).rejects.toMatchObject({ code: '42501' })
    }
    await client.end()
  })

  it('takes position, time, role and hashes from nobody', async () => {
    const client = await connect({ connectionString: catalog.databaseUrl, applicationName: 'test' })
    const { rows } = await client.query(`INSERT INTO catalog.audit_entries
      (position, at, recorded_by, actor, action, subject, before, after, previous_hash, hash)
      VALUES (1, '1999-01-01', 'nobody', 'a', 'b', 'c', 'null', 'null', '\\x00', '\\x00')
      RETURNING position, at > now() - interval '1 minute' AS is_now, recorded_by, length(hash) AS hash_length`)
    await client.end()
    expect(rows).toEqual([{ position: expect.any(String), is_now: true, recorded_by: 'catalog', hash_length: 32 }])
    expect(Number(rows[0].position)).toBeGreaterThan(1)
  })

  it('holds who did what to what, before and after, newest first', async () => {
    await owner('PUT', '/v1/services/billing/strategy', { text: 'migrate: { maxLockMs: 50 }' })
    const { body } = await owner('GET', '/v1/services/billing/audit-entries?limit=2')
    expect(body.items[0]).toMatchObject({
      actor: 'person:ann',
      action: 'strategy.applied',
      serviceId: 'billing',
      subject: 'services/billing/strategy',
      before: { strategy: { migrate: { maxLockMs: 100 } } },
      after: { strategy: { migrate: { maxLockMs: 50 } } },
    })
    expect(
      (await owner('GET', `/v1/audit-entries?cursor=${body.items[0].position}&actor=person:ann`)).body.items[0]
        .position,
    ).toBeLessThan(body.items[0].position)
    expect((await owner('GET', '/v1/audit-entries?cursor=x')).status).toBe(400)
  })

  it('is checked once at a time, however many ask', async () => {
    let checks = 0
    const verify = createAuditVerifier(catalog.store, async (store) => {
      checks += 1
      return await verifyAuditLog(store)
    })
    const [first, second] = await Promise.all([verify(), verify()])
    expect([checks, second]).toEqual([1, first])
    await verify()
    expect(checks).toBe(2)
  })

  it('shows when an entry was changed, or taken out of its middle or its end, even by a superuser', async () => {
    const verify = async () => (await owner('GET', '/v1/audit-verification')).body
    const whole = await verify()
    expect(whole).toMatchObject({ intact: true, brokenAt: null })
    expect(whole.entries).toBeGreaterThan(5)
    const admin = await connect({ connectionString: server.url('access'), applicationName: 'test' })
    const sameSession: Store = new Kysely({
      dialect: new PostgresDialect({
        pool: {
          connect: async () => Object.assign(admin, { release() {} }) as never,
          end: async () => {},
          options: {},
        },
      }),
    })
    expect(await verifyAuditLog(sameSession, 2)).toEqual(whole)
    const tamper = async (statement: string): Promise<unknown> => {
      await admin.query('BEGIN')
      await admin.query('ALTER TABLE catalog.audit_entries DISABLE TRIGGER ALL')
      await admin.query(statement)
      const { rows } = await admin.query('SELECT broken_at::integer FROM catalog.verify_audit_log()')
      // In ranges that end before, at and behind what was done.
      for (const rangeEntries of [1, 2, 3, 7, whole.entries - 1, whole.entries, 10_000]) {
        expect((await verifyAuditLog(sameSession, rangeEntries)).brokenAt).toBe(rows[0].broken_at)
      }
      await admin.query('ROLLBACK')
      return rows[0].broken_at
    }
    expect(await tamper(`UPDATE catalog.audit_entries SET actor = 'person:bob' WHERE position = 3`)).toBe(3)
    expect(await tamper('DELETE FROM catalog.audit_entries WHERE position = 4')).toBe(5)
    expect(await tamper(`DELETE FROM catalog.audit_entries WHERE position = ${whole.entries}`)).toBe(whole.entries)
    expect(await tamper('DELETE FROM catalog.audit_entries')).toBe(1)
    await expect(admin.query('DELETE FROM catalog.audit_entries')).rejects.toMatchObject({ code: '42501' })
    await admin.end()
    expect(await verify()).toMatchObject({ intact: true, entries: whole.entries, head: whole.head })
  })
})
