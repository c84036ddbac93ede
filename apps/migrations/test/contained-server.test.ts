import { connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { skipWithout } from '../../../tools/docker/skip-without.ts'
import { startContainedPostgres } from '../../../tools/docker/start-postgres.ts'
import type { Catalog } from '../src/engine/inspect/catalog.ts'
import { compareCatalogs } from '../src/engine/inspect/compare-catalogs.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { everyFamily, roles } from './fixtures/every-family.ts'

// Some servers are built without ICU.
const families = everyFamily(18)
  .replace(/(?:create|alter) collation app\.german .*?;/g, '')
  .replaceAll(' collate app.german', '')

async function readFamilies(server: Pick<Server, 'url'>): Promise<Catalog> {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query(roles)
  await admin.query('CREATE DATABASE families')
  await admin.end()
  const client = await connect({ connectionString: server.url('families'), applicationName: 'test' })
  try {
    await client.query(families)
    return await readCatalog(client)
  } finally {
    await client.end()
  }
}

describe('the catalog of a server in a container', () => {
  let contained: Awaited<ReturnType<typeof startContainedPostgres>>
  let embedded: Server
  beforeAll(async () => {
    contained = await startContainedPostgres()
    embedded = await startTestServer(18)
  })
  afterAll(async () => {
    await embedded.stop()
    if (!('missing' in contained)) {
      await contained.stop()
    }
  })
  beforeEach((context) => skipWithout(context, 'missing' in contained ? contained.missing : undefined))

  it('is read as that of the embedded server, in every family of objects', async () => {
    const [one, other] = await Promise.all([readFamilies(contained as Server), readFamilies(embedded)])
    expect(compareCatalogs(one, other)).toEqual([])
  })
})
