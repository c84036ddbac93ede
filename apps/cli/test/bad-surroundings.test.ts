import { readCatalog } from '@freehold/migrations/testing'
import { type Client, connect, quoteLiteral } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openCuttingProxy } from './cutting-proxy.ts'
import { hasPgbouncer, startPgbouncer } from './pgbouncer.ts'
import { createProject, type Project } from './project.ts'
import { mountSmallDisk } from './small-disk.ts'

let server: Server
// Of its own, for shadows are made and dropped while the disk of the other one is full.
let shadows: Server
let env: Record<string, string>
const disk = mountSmallDisk(40)

beforeAll(async () => {
  server = await startTestServer(18)
  shadows = await startTestServer(18)
  env = { FREEHOLD_SHADOW_DATABASE_URL: shadows.url(), FREEHOLD_BRIEF_TABLE_BYTES: '0' }
  for (const [name, value] of Object.entries(env)) {
    vi.stubEnv(name, value)
  }
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await Promise.all([server.stop(), shadows.stop()])
  disk?.remove()
})

async function withAdmin<T>(work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

/** Makes a project whose table holds rows and whose second migration fills a column. */
async function createFilled(tablespace?: string): Promise<Project> {
  const project = await createProject(server, env, tablespace)
  await project.run('deploy')
  await project.client.query('INSERT INTO orders SELECT g, NULL, g FROM generate_series(1, 20000) g')
  await project.write(
    '2_total',
    'ALTER TABLE "orders" ADD COLUMN "seen" int;\nUPDATE "orders" SET "total" = 1 WHERE "total" IS NULL;\nALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL;\n',
  )
  return project
}

async function stateOf({ client }: Project) {
  const { rows } = await client.query<{ filled: number; seen: number; runs: string[] }>(
    `SELECT (SELECT count(total)::int FROM orders) AS filled,
            (SELECT count(*)::int FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'seen') AS seen,
            (SELECT array_agg(state::text) FROM freehold.migration_runs WHERE state <> 'done') AS runs`,
  )
  return rows[0]
}

describe('a lost connection', () => {
  it.each([
    ['while the catalog is read', 'pg_attribute'],
    ['while the run is entered in the journal', 'INSERT INTO freehold.migration_runs'],
    ['in the expand phase', 'ADD COLUMN "seen"'],
    ['in the middle of a backfill', 'SET total = 1'],
    ['in the contract phase', 'VALIDATE CONSTRAINT'],
  ])('%s exits with 4, and the next run ends what was begun', async (_when, text) => {
    const project = await createFilled()
    const proxy = await openCuttingProxy(server.port, text)
    const url = new URL(project.url)
    url.port = String(proxy.port)
    const cut = await project.run('deploy', '--phase', 'all', '--database-url', url.href)
    expect(proxy.isCut()).toBe(true)
    expect(cut.exitCode).toBe(4)
    expect(cut.stderr).toMatch(/the connection to the database is lost: \w/)
    expect(cut.stderr).toContain('run the same command again')
    expect((await project.run('deploy', '--phase', 'all')).exitCode).toBe(0)
    expect(await stateOf(project)).toEqual({ filled: 20000, seen: 1, runs: null })
    await Promise.all([project.remove(), proxy.close()])
  })

  it('whose backends an administrator ends exits with 4, and undo goes back', async () => {
    const project = await createFilled()
    await project.write('2_total', 'UPDATE "orders" SET "total" = 1 WHERE "total" IS NULL;\n')
    const before = await readCatalog(project.client)
    const holder = await connect({ connectionString: project.url, applicationName: 'holder' })
    await holder.query('BEGIN; SELECT FROM orders WHERE id = 15000 FOR UPDATE')
    const running = project.start('deploy')
    await running.says('backfill: 1')
    await withAdmin((admin) =>
      admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'freehold'`),
    )
    const ended = await running.finished
    expect(ended.exitCode).toBe(4)
    expect(ended.stderr).toContain('FHD_MIGRATE_CONNECTION_LOST')
    await holder.end()
    expect((await project.run('undo', '--yes')).exitCode).toBe(0)
    expect(await stateOf(project)).toEqual({ filled: 0, seen: 0, runs: ['undone'] })
    expect(await readCatalog(project.client)).toMatchObject({ relations: before.relations })
    await project.remove()
  })
})

describe('a full disk', () => {
  if (disk === undefined) {
    console.warn('SKIPPED: this account may not mount a small disk, so a full disk is not tested')
  }

  it.skipIf(disk === undefined)('exits with 4, and once there is room the next run ends what was begun', async () => {
    const folder = disk?.makeFolder(server) ?? ''
    await withAdmin(async (admin) => {
      await admin.query(`CREATE TABLESPACE small LOCATION ${quoteLiteral(folder)}`)
      await admin.query('GRANT CREATE ON TABLESPACE small TO PUBLIC')
    })
    const project = await createFilled('small')
    disk?.fill(800_000)
    const full = await project.runJson('error.json', 'deploy', '--phase', 'all')
    expect(full).toMatchObject({
      exitCode: 4,
      document: {
        error: { code: 'FHD_MIGRATE_DISK_FULL', sqlstate: '53100', hint: expect.stringContaining('run the same') },
      },
    })
    expect((await stateOf(project))?.runs).toEqual(['running'])
    disk?.makeRoom()
    expect((await project.run('deploy', '--phase', 'all')).exitCode).toBe(0)
    expect(await stateOf(project)).toEqual({ filled: 20000, seen: 1, runs: null })
    await project.remove()
  })
})

describe('PgBouncer in transaction mode', () => {
  if (!hasPgbouncer) {
    console.warn('SKIPPED: PgBouncer is not installed, so only a stand-in for it is tested')
  }

  it.skipIf(!hasPgbouncer)('is refused, and nothing is changed', async () => {
    const project = await createFilled()
    const before = await readCatalog(project.client)
    const pooler = await startPgbouncer(server.port)
    const url = new URL(project.url)
    url.port = String(pooler.port)
    url.username = 'postgres'
    for (const command of ['plan', 'deploy', 'status', 'undo']) {
      const yes = command === 'undo' ? ['--yes'] : []
      const refused = await project.run(command, ...yes, '--database-url', url.href)
      expect(refused.exitCode).toBe(1)
      expect(refused.stderr).toContain('a connection pooler stands between Freehold and the database')
      expect(refused.stderr).toContain('DIRECT_URL')
    }
    expect(await readCatalog(project.client)).toEqual(before)
    await pooler.stop()
    await project.remove()
  })
})
