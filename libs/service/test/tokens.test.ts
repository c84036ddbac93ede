import { readFileSync } from 'node:fs'
import type { PublicKey } from '@freehold/contracts-base'
import { connect, quoteIdentifier } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createKeySource } from '../src/identification/key-source.ts'
import { createKeyStore } from '../src/identification/key-store.ts'
import { createLogger, createTokenSource, createTokenVerifier, hasRole } from '../src/index.ts'
import { createTestIssuer, type TestIssuer } from '../src/testing.ts'
import { openShop, type Shop } from './shop.ts'

const log = createLogger({ name: 'shop', version: '1.0.0', instance: 'a1' }, 'silent')

let shop: Shop
let stranger: TestIssuer
beforeAll(async () => {
  shop = await openShop()
  stranger = await createTestIssuer('stranger')
})
afterAll(() => shop.app.close())

const ask = async (method: 'GET' | 'DELETE', url: string, authorization?: string) => {
  const response = await shop.app.inject({
    method,
    url,
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  })
  return { status: response.statusCode, headers: response.headers, body: response.body === '' ? {} : response.json() }
}

describe('a route with a role', () => {
  it.each<[string, Record<string, 'viewer' | 'operator' | 'owner'>, number, number]>([
    ['no role', {}, 403, 403],
    ['the role on another service', { other: 'owner' }, 403, 403],
    ['the role itself', { shop: 'viewer' }, 200, 403],
    ['a stronger role', { shop: 'owner' }, 200, 403],
    ['a weaker role on the platform', { '*': 'operator' }, 200, 403],
    ['the role on the platform', { '*': 'owner' }, 200, 204],
  ])('looks for %s', async (_, roles, viewed, closed) => {
    const { authorization } = await shop.issuer.authorize('ann', roles)
    expect((await ask('GET', '/v1/shops/shop/orders', authorization)).status).toBe(viewed)
    expect((await ask('DELETE', '/v1/shop', authorization)).status).toBe(closed)
  })

  it('names the role that is missing', async () => {
    const { authorization } = await shop.issuer.authorize('ann', { other: 'owner' })
    const { body } = await ask('GET', '/v1/shops/shop/orders', authorization)
    expect(body.detail).toBe('ann needs the role viewer on "shop".')
    expect((await ask('DELETE', '/v1/shop', authorization)).body.detail).toBe(
      'ann needs the role owner on the platform.',
    )
  })

  it.each([
    '*',
    '%2A',
    '__proto__',
    'constructor',
    'toString',
  ])('gives no role by the name of the service: %s', async (name) => {
    const { authorization } = await shop.issuer.authorize('ann', { shop: 'owner' })
    expect((await ask('GET', `/v1/shops/${name}/orders`, authorization)).status).toBe(403)
  })

  it('is refused when it does not say who may call it, also from a plugin', async () => {
    const opened = openShop({ plugins: [async (app) => void app.get('/raw', async () => 'secret')] })
    await expect(opened).rejects.toThrow('GET /raw does not say who may call it')
    const access = { role: 'owner' } as const
    const { app } = await openShop({
      plugins: [async (app) => void app.get('/raw', { config: { access } }, async () => 'secret')],
    })
    expect((await app.inject('/raw')).statusCode).toBe(401)
    expect((await app.inject({ method: 'HEAD', url: '/raw' })).statusCode).toBe(401)
    await app.close()
  })

  it('asks who calls before it looks at the rest of the request', async () => {
    const { status, headers, body } = await ask('GET', '/v1/shops/shop/orders?limit=0')
    expect([status, headers['www-authenticate'], body.code]).toEqual([
      401,
      'Bearer realm="freehold"',
      'FHD_REQUEST_TOKEN_INVALID',
    ])
  })
})

describe('a token', () => {
  const nowS = Math.floor(Date.now() / 1000)
  const sign = async (change: (token: SignJWT) => SignJWT, alg = 'EdDSA', kid = 'test'): Promise<string> => {
    const key =
      alg === 'HS256' ? new TextEncoder().encode(shop.issuer.keys[0]?.x) : (await generateKeyPair(alg)).privateKey
    const token = new SignJWT({ roles: { '*': 'owner' } })
      .setProtectedHeader({ alg, kid })
      .setSubject('eve')
      .setAudience('freehold')
    return change(token.setIssuedAt(nowS).setExpirationTime(nowS + 60)).sign(key)
  }

  it.each<[string, () => Promise<string> | string]>([
    ['no token', () => ''],
    ['another scheme', () => 'Basic YTpi'],
    ['no JSON Web Token', () => 'Bearer a.b.c'],
    ['nothing after Bearer', () => 'Bearer '],
    [
      'an expired one',
      async () => `Bearer ${await shop.issuer.issueToken('eve', { '*': 'owner' }, { lifetimeS: -60 })}`,
    ],
    [
      'one for longer than ten minutes',
      async () => `Bearer ${await shop.issuer.issueToken('eve', {}, { lifetimeS: 3600 })}`,
    ],
    ['one for another audience', async () => `Bearer ${await shop.issuer.issueToken('eve', {}, { audience: 'bank' })}`],
    ['one of a stranger', async () => `Bearer ${await stranger.issueToken('eve', { '*': 'owner' })}`],
    ['one by another key of the same name', async () => `Bearer ${await sign((token) => token)}`],
    ['one signed with the public key as a secret', async () => `Bearer ${await sign((token) => token, 'HS256')}`],
    ['one of another algorithm', async () => `Bearer ${await sign((token) => token, 'ES256')}`],
    [
      'one without a signature',
      async () => `Bearer ${(await shop.issuer.issueToken('eve', { '*': 'owner' })).replace(/[^.]*$/, '')}`,
    ],
    [
      'one with other claims under its signature',
      async () => {
        const [head, , signature] = (await shop.issuer.issueToken('eve')).split('.')
        const claims = { sub: 'eve', aud: 'freehold', iat: nowS, exp: nowS + 60, roles: { '*': 'owner' } }
        return `Bearer ${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
      },
    ],
  ])('is not believed: %s', async (_, authorization) => {
    const { status, body } = await ask('DELETE', '/v1/shop', await authorization())
    expect([status, body.code]).toEqual([401, 'FHD_REQUEST_TOKEN_INVALID'])
  })

  it('grants nothing by a role that nobody knows', async () => {
    const token = await shop.issuer.issueToken('ann', { '*': 'emperor' } as never)
    expect((await ask('DELETE', '/v1/shop', `Bearer ${token}`)).status).toBe(403)
  })

  it('is forgotten when it expires, though it was believed before', async () => {
    const read = async () => shop.issuer.keys
    let nowMs = Date.now()
    const verifier = createTokenVerifier({ read, refresh: read }, () => nowMs)
    const token = await shop.issuer.issueToken('ann', { shop: 'viewer' }, { lifetimeS: 60 })
    expect(hasRole(await verifier.verify(token), 'viewer', 'shop')).toBe(true)
    expect((await verifier.verify(token)).subject).toBe('ann')
    nowMs += 70_000
    await expect(verifier.verify(token)).rejects.toThrow('it has expired')
  })
})

describe('the keys', () => {
  let server: Server
  let databaseUrl: string
  beforeAll(async () => {
    server = await startTestServer(18)
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(`CREATE ROLE shop LOGIN; CREATE SCHEMA shop; SET search_path = shop`)
    await admin.query(readFileSync(new URL('../sql/jwks.sql', import.meta.url), 'utf8'))
    await admin.query(`GRANT USAGE ON SCHEMA ${quoteIdentifier('shop')} TO shop`)
    await admin.query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO shop')
    await admin.end()
    databaseUrl = server.url('postgres', 'shop')
  })
  afterAll(() => server.stop())

  const aSource = (
    publisher: { keys: PublicKey[] | undefined },
    keysUrl = 'http://catalog/keys',
    clock = { nowMs: 1_000_000 },
  ) => {
    const fetchKeys = vi.fn(async () => {
      if (publisher.keys === undefined) {
        throw new Error('the publisher is down')
      }
      return { keys: publisher.keys }
    })
    const store = createKeyStore({ databaseUrl, applicationName: 'shop@1.0.0#a1', schema: 'shop', keysUrl })
    const source = createKeySource({ fetchKeys, store, log, now: () => clock.nowMs })
    return { fetchKeys, clock, verifier: createTokenVerifier(source) }
  }

  it('are remembered, so that tokens are believed while their publisher is down', async () => {
    const issuer = await createTestIssuer('k1')
    const token = await issuer.issueToken('ann')
    await aSource({ keys: issuer.keys }).verifier.verify(token)
    const afterRestart = aSource({ keys: undefined })
    expect((await afterRestart.verifier.verify(token)).subject).toBe('ann')
    await expect(afterRestart.verifier.verify(await stranger.issueToken('eve'))).rejects.toThrow('key is not known')
  })

  it('of another publisher are not taken for its own; without any, the caller is asked to come back', async () => {
    const { verifier } = aSource({ keys: undefined }, 'http://elsewhere/keys')
    await expect(verifier.verify(await stranger.issueToken('eve'))).rejects.toMatchObject({
      definition: { status: 503, code: 'FHD_SERVICE_KEYS_UNAVAILABLE' },
    })
  })

  it('are fresh for requests that come while those of last time are still being looked for', async () => {
    const issuer = await createTestIssuer('k1')
    const lookups: (() => void)[] = []
    const load = async (): Promise<undefined> => {
      await new Promise<void>((resolve) => lookups.push(resolve))
    }
    const store = { load, save: async () => {} }
    const source = createKeySource({ fetchKeys: async () => ({ keys: issuer.keys }), store, log })
    const [first, second] = [source.read(), source.read()]
    lookups[0]?.()
    expect(await first).toEqual(issuer.keys)
    lookups[1]?.()
    expect(await second).toEqual(issuer.keys)
    expect(await source.read()).toEqual(issuer.keys)
  })

  it('are asked for again when a new one signs, and an old one ends with what it signed', async () => {
    const [before, after] = [await createTestIssuer('before'), await createTestIssuer('after')]
    const publisher = { keys: before.keys }
    const { verifier, fetchKeys, clock } = aSource(publisher, 'http://rotating/keys')
    const old = await before.issueToken('ann')
    await verifier.verify(old)

    publisher.keys = [...before.keys, ...after.keys]
    clock.nowMs += 11_000
    expect((await verifier.verify(await after.issueToken('bob'))).subject).toBe('bob')
    expect(fetchKeys).toHaveBeenCalledTimes(2)
    expect((await verifier.verify(old)).subject).toBe('ann')

    publisher.keys = after.keys
    clock.nowMs += 301_000
    // Asked beside the request, which is still answered by what was known.
    await verifier.verify(old)
    await vi.waitFor(() => expect(verifier.verify(old)).rejects.toThrow('key is not known'))
  })

  it('are not asked for at every unknown key', async () => {
    const { verifier, fetchKeys, clock } = aSource({ keys: shop.issuer.keys }, 'http://asked/keys')
    const token = await stranger.issueToken('eve')
    for (let i = 0; i < 50; i++) {
      clock.nowMs += 500
      await expect(verifier.verify(token)).rejects.toThrow('key is not known')
    }
    expect(fetchKeys.mock.calls.length).toBeLessThanOrEqual(3)
  })

  it('of another kind are left out', async () => {
    const { publicKey } = await generateKeyPair('ES256')
    const odd = { ...(await exportJWK(publicKey)), kid: 'odd' } as unknown as PublicKey
    const { verifier } = aSource({ keys: [odd, ...shop.issuer.keys] }, 'http://odd/keys')
    expect((await verifier.verify(await shop.issuer.issueToken('ann'))).subject).toBe('ann')
  })
})

describe('createTokenSource', () => {
  const catalog = (state: { issued: number; isDown: boolean }, lifetimeMs: number, now: () => number): typeof fetch =>
    (async () => {
      if (state.isDown) {
        throw new TypeError('fetch failed')
      }
      state.issued++
      const expiresAt = new Date(now() + lifetimeMs).toISOString()
      return Response.json({ token: `t${state.issued}`, expiresAt }, { status: 201 })
    }) as typeof fetch

  it('asks once for many, again at half the token’s life, and holds on to it while the catalog is down', async () => {
    let nowMs = 0
    const state = { issued: 0, isDown: false }
    const now = () => nowMs
    const getToken = createTokenSource({
      catalogUrl: 'http://catalog',
      apiKey: 'k',
      fetch: catalog(state, 600_000, now),
      now,
    })
    expect(await Promise.all([getToken(), getToken()])).toEqual(['t1', 't1'])
    nowMs = 299_000
    expect(await getToken()).toBe('t1')
    nowMs = 301_000
    expect(await getToken()).toBe('t2')
    state.isDown = true
    nowMs = 700_000
    expect(await getToken()).toBe('t2')
    nowMs = 900_000
    await expect(getToken()).rejects.toThrow('no answer')
  })
})
