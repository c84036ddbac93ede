import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pruneHistory } from '../src/store/prune-history.ts'
import { type Catalog, openCatalog } from './open-catalog.ts'

let server: Server
let catalog: Catalog

beforeAll(async () => {
  server = await startTestServer(18)
  catalog = await openCatalog(server, 'retention')
})
afterAll(async () => {
  await catalog.close()
  await server.stop()
})

const select = async (query: ReturnType<typeof sql>): Promise<unknown[]> =>
  (await query.execute(catalog.store)).rows.flatMap((row) => Object.values(row as object))

describe('the history of a service', () => {
  it('is kept for its latest thousand versions, with the secrets that are in them', async () => {
    const owner = await catalog.as('person:ann', { '*': 'owner' })
    const text = 'config: { schema: { properties: { size: { type: integer }, key: { type: string, secret: true } } } }'
    await owner('POST', '/v1/services', { serviceId: 'orders', text })
    const change = (body: object) => owner('PATCH', '/v1/services/orders/configuration', body)
    for (const key of ['first', 'second', 'third']) {
      await change({ set: { key } })
    }
    // As if the third had been followed by 998 versions more: 2, in which the first was set, is one too many.
    await sql`WITH moved AS (
        UPDATE catalog.configuration_versions SET version = 1002 WHERE version = 4 RETURNING service_id)
      UPDATE catalog.services SET configuration_version = 1002 FROM moved WHERE id = service_id`.execute(catalog.store)
    expect(await pruneHistory(catalog.store)).toBe(false)
    expect(await select(sql`SELECT version FROM catalog.configuration_versions ORDER BY version`)).toEqual([3, 1002])
    expect(await select(sql`SELECT count(*)::int FROM catalog.secrets`)).toEqual([2])
    expect(await owner('POST', '/v1/services/orders/configuration/restorations', { version: 3 })).toMatchObject({
      status: 201,
      body: { version: 1003, restoredFrom: 3 },
    })
    expect(await owner('GET', '/v1/services/orders/configuration/versions/2')).toMatchObject({
      status: 404,
      body: { code: 'FHD_CATALOG_VERSION_NOT_FOUND' },
    })
    expect((await owner('GET', '/v1/audit-verification')).body).toMatchObject({ intact: true })
  })
})

describe('an API key', () => {
  it('is listed for 90 days after its end, and one that the catalog made for ever', async () => {
    await sql`INSERT INTO catalog.api_keys (id, prefix, hash, kind, subject, roles, note, created_by, expires_at, revoked_at)
      SELECT gen_random_uuid(), name, sha256(name::bytea), 'person', 'person:ann', '{}', name, maker,
        now() - expired * interval '1 day', now() - revoked * interval '1 day'
      FROM (VALUES ('open', 'ann', -1, NULL), ('revoked lately', 'ann', -1, 89), ('revoked', 'ann', -1, 91),
        ('expired', 'ann', 91, NULL), ('expired lately', 'ann', 89, NULL), ('bootstrap', 'catalog', NULL, 91)
      ) AS made (name, maker, expired, revoked)`.execute(catalog.store)
    expect(await pruneHistory(catalog.store)).toBe(false)
    expect(await select(sql`SELECT note FROM catalog.api_keys ORDER BY note`)).toEqual([
      'bootstrap',
      'expired lately',
      'open',
      'revoked lately',
    ])
  })
})
