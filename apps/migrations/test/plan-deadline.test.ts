import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { plan } from '../src/engine/index.ts'

let server: Server
let admin: Client
let live: Client
let folder: string

beforeAll(async () => {
  server = await startTestServer(18)
  // Its sessions are seen from here.
  process.env['FREEHOLD_SHADOW_DATABASE_URL'] = server.url()
  admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  await admin.query('CREATE ROLE owner LOGIN')
  await admin.query('CREATE DATABASE shop OWNER owner')
  live = await connect({ connectionString: server.url('shop', 'owner'), applicationName: 'test' })
  await live.query('CREATE TABLE orders (id int PRIMARY KEY, total int); INSERT INTO orders VALUES (1, 1)')
})

afterAll(async () => {
  delete process.env['FREEHOLD_SHADOW_DATABASE_URL']
  await live.end()
  await admin.end()
  await server.stop()
})

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'freehold-plan-deadline-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function planOf(sql: string, options: { signal?: AbortSignal; planTimeoutMs?: number }) {
  await mkdir(path.join(folder, '1_slow'))
  await writeFile(path.join(folder, '1_slow/migration.sql'), sql)
  return await plan({
    databaseUrl: server.url('shop', 'owner'),
    migrationsFolder: folder,
    schema: 'public',
    onFact: () => {},
    signal: new AbortController().signal,
    ...options,
  })
}

async function seen(condition: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { rowCount } = await admin.query(
        `SELECT FROM pg_stat_activity WHERE ${condition} AND pid <> pg_backend_pid()`,
      )
      expect(rowCount).toBeGreaterThan(0)
    },
    { timeout: 60_000, interval: 20 },
  )
}

const sleeper = `DO $$ BEGIN PERFORM pg_sleep(1000000); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(1000000); END $$`

async function scratchDatabases(): Promise<number | null> {
  return (await admin.query(`SELECT FROM pg_database WHERE datname LIKE 'freehold_scratch%'`)).rowCount
}

describe('plan', () => {
  it('is given up at its limit, whatever a statement waits for, and leaves nothing behind', async () => {
    const planning = planOf(sleeper, { planTimeoutMs: 1500 })
    await expect(planning).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_PLAN_TIMEOUT' } })
    expect(await scratchDatabases()).toBe(0)
  })

  it('ends when it is told to in the middle of a rehearsal', async () => {
    const stop = new AbortController()
    const planning = planOf(sleeper, { signal: stop.signal })
    planning.catch(() => {})
    await seen(`wait_event = 'PgSleep'`)
    stop.abort()
    await expect(planning).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_STOPPED' } })
    expect(await scratchDatabases()).toBe(0)
  })

  it('ends when it is told to while it waits for the live database', async () => {
    await live.query('BEGIN; LOCK orders')
    const stop = new AbortController()
    const planning = planOf('ALTER TABLE orders ADD CHECK (total > 0)', { signal: stop.signal })
    planning.catch(() => {})
    await seen(`datname = 'shop' AND wait_event_type = 'Lock'`)
    stop.abort()
    await expect(planning).rejects.toMatchObject({ definition: { code: 'FHD_MIGRATE_STOPPED' } })
    await live.query('ROLLBACK')
  })
})
