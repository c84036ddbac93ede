import { type Client, connect } from '@freehold/postgres'
import { type Major, type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findCorpus, listHistories, readHistory } from '../../../tools/corpus/corpus.ts'
import { pgDump } from '../../../tools/pg-dump/pg-dump.ts'
import type { Catalog } from '../src/engine/inspect/catalog.ts'
import { compareCatalogs } from '../src/engine/inspect/compare-catalogs.ts'
import { fingerprintCatalog } from '../src/engine/inspect/fingerprint.ts'
import { readCatalog } from '../src/engine/inspect/read-catalog.ts'
import { renderCatalog, rolesOf } from '../src/engine/inspect/render-catalog.ts'
import { everyFamily, roles } from './fixtures/every-family.ts'

// Other majors are fetched when they are first asked for: FREEHOLD_TEST_MAJORS=14,15,16,17,18.
const majors = (process.env['FREEHOLD_TEST_MAJORS'] ?? '18').split(',').map((major) => Number(major) as Major)

const corpus = findCorpus()
if (corpus === undefined) {
  console.warn(
    'The corpus of migration histories is not there: what it shows is not tested. Name its folder in FREEHOLD_CORPUS.',
  )
}

/** All histories with FREEHOLD_TEST_FULL=1, else three of the shorter ones, others for another FREEHOLD_TEST_SEED. */
function chooseHistories(): string[] {
  const names = corpus === undefined ? [] : listHistories(corpus)
  if (process.env['FREEHOLD_TEST_FULL'] === '1') {
    return names
  }
  const short = names.filter((name) => readHistory(corpus as string, name).migrations.length < 150)
  const first = Number(process.env['FREEHOLD_TEST_SEED'] ?? '0')
  return [0, 1, 2].flatMap((step) => short[(first + step * 3) % short.length] ?? [])
}

describe.each(majors)('rendering the catalog of Postgres %i', (major) => {
  let server: Server
  let admin: Client

  beforeAll(async () => {
    server = await startTestServer(major)
    admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query(roles)
  })
  afterAll(async () => {
    await admin.end()
    await server.stop()
  })

  const open = async (database: string, user?: string): Promise<Client> =>
    connect({ connectionString: server.url(database, user), applicationName: 'test' })

  /** Renders the database into a new one, read by the same role, and returns both catalogs. */
  async function renderAnew(database: string, user?: string): Promise<{ catalog: Catalog; again: Catalog }> {
    const source = await open(database, user)
    const catalog = await readCatalog(source)
    await source.end()
    await admin.query(`create database ${database}_again template template0`)
    const target = await open(`${database}_again`)
    await target.query(renderCatalog(catalog).join(';\n'))
    await target.end()
    const reader = await open(`${database}_again`, user)
    const again = await readCatalog(reader)
    await reader.end()
    return { catalog, again }
  }

  it('gives back a schema with objects of every family, and pg_dump prints the same', {
    timeout: 120_000,
  }, async () => {
    await admin.query('create database every template template0')
    const client = await open('every')
    await client.query(everyFamily(major))
    await client.end()
    const { catalog, again } = await renderAnew('every')
    expect(compareCatalogs(catalog, again)).toEqual([])
    expect(await pgDump(server.url('every_again'), ['--schema-only'])).toBe(
      await pgDump(server.url('every'), ['--schema-only']),
    )
    expect(rolesOf(catalog)).toEqual(['app', 'odd "role"', 'owner', 'postgres', 'reader'])
    // A role without rights sees the same schema.
    const stranger = await open('every', 'app')
    expect(compareCatalogs(catalog, await readCatalog(stranger))).toEqual([])
    await stranger.end()
  })

  it.each(chooseHistories())('gives back what the history of %s ends in, and pg_dump prints the same', {
    timeout: 120_000,
  }, async (name) => {
    const history = readHistory(corpus as string, name)
    const database = name.replaceAll(/[^a-z0-9]/gi, '_').toLowerCase()
    await admin.query(`create database ${database} owner owner template template0`)
    const client = await open(database, 'owner')
    for (const migration of history.migrations) {
      // The files of one product drift from its real database near their end.
      await client.query(migration.sql).catch(() => client.query('rollback'))
    }
    await client.end()
    const { catalog, again } = await renderAnew(database, 'owner')
    expect(compareCatalogs(catalog, again)).toEqual([])
    expect(fingerprintCatalog(again)).toBe(fingerprintCatalog(catalog))
    expect(await pgDump(server.url(`${database}_again`), ['--schema-only'])).toBe(
      await pgDump(server.url(database), ['--schema-only']),
    )
  })
})
