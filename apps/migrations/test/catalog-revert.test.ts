import { type Client, connect } from '@freehold/postgres'
import { type Major, type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../src/engine/inspect/catalog.ts'
import { compareCatalogs } from '../src/engine/inspect/compare-catalogs.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { revertDifference } from '../src/engine/inspect/revert-catalog.ts'
import { base, irreversible, reversible } from './fixtures/catalog-statements.ts'
import { everyFamily, roles } from './fixtures/every-family.ts'

describe('revertDifference', () => {
  const major: Major = 18
  let server: Server
  let client: Client
  let before: Catalog

  beforeAll(async () => {
    server = await startTestServer(major)
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(roles)
    await admin.query('create database reverted owner owner template template0')
    await admin.end()
    client = await connect({ connectionString: server.url('reverted', 'owner'), applicationName: 'test' })
    await client.query(base)
    before = await readCatalog(client)
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
  })

  /** Runs the statements in a transaction that is rolled back, and returns the reversion and what it leaves. */
  async function tryReverting(sql: string) {
    await client.query('begin')
    try {
      await client.query(sql)
      const after = await readCatalog(client, { insideTransaction: true })
      const reversion = revertDifference(before, after)
      const changes = compareCatalogs(before, after)
      if (reversion.cannot.length === 0) {
        await client.query(reversion.sql.join(';\n'))
      }
      const left = compareCatalogs(before, await readCatalog(client, { insideTransaction: true }))
      return { reversion, changes, left }
    } finally {
      await client.query('rollback')
    }
  }

  it.each(reversible)('takes back: %s', async (sql) => {
    const { changes, reversion, left } = await tryReverting(sql)
    expect(changes).not.toEqual([])
    expect(reversion.cannot).toEqual([])
    expect(left).toEqual([])
  })

  it.each(irreversible)('says that it cannot take back: %s', async (sql) => {
    const { reversion } = await tryReverting(sql)
    expect(reversion.cannot).not.toEqual([])
    expect(reversion.sql.filter((statement) => /DROP (TABLE|COLUMN)/.test(statement))).toEqual([])
  })

  it('drops all that a schema with objects of every family holds', async () => {
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query('create database emptied template template0')
    await admin.end()
    const other = await connect({ connectionString: server.url('emptied'), applicationName: 'test' })
    const empty = await readCatalog(other)
    await other.query(everyFamily(major))
    const { sql, cannot } = revertDifference(empty, await readCatalog(other))
    expect(cannot).toEqual([])
    await other.query(sql.join(';\n'))
    expect(compareCatalogs(empty, await readCatalog(other))).toEqual([])
    await other.end()
  })
})
