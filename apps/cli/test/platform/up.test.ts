import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import path from 'node:path'
import type { createCatalogClient } from '@freehold/contracts-catalog'
import { connect } from '@freehold/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getPlatform } from '../../src/platform/find-platform.ts'
import { createWorkplace, findFamily, killFamily, type RunningPlatform, type Workplace } from './running-platform.ts'

const timeoutMs = 180_000

describe('freehold up', { timeout: timeoutMs }, () => {
  let place: Workplace
  let platform: RunningPlatform
  beforeAll(async () => {
    place = await createWorkplace()
    platform = await place.up()
  }, timeoutMs)
  afterAll(async () => await place.remove(), timeoutMs)

  const catalogOf = async (): Promise<ReturnType<typeof createCatalogClient>> =>
    (await getPlatform({}, { env: {}, folder: place.folder })).catalog
  const readSecrets = (): { apiKey: string; sealingKeys: Record<string, string>; passwords: Record<string, string> } =>
    JSON.parse(readFileSync(path.join(place.folder, '.freehold/secrets.json'), 'utf8'))

  it('answers, tells how it is, and says so to whoever starts it again', async () => {
    const { exitCode, document } = await place.runJson('platform-status.json', 'status')
    expect({ exitCode, document }).toMatchObject({
      exitCode: 0,
      document: {
        platform: { pid: platform.pid },
        services: [
          { name: 'catalog', isReady: true, schemaVersion: '20261124120000_verify_audit_log_in_ranges' },
          { name: 'migrations', isReady: true, schemaVersion: '20261124000000_begin' },
        ],
      },
    })
    const again = await place.runJson('error.json', 'up', '--port', '0')
    expect(again).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_PLATFORM_RUNS_ALREADY' } } })
  })

  it('is reached by its address and a key where its folder is not', async () => {
    place.env['FREEHOLD_URL'] = platform.urls['catalog'] ?? ''
    expect(await place.runJson('error.json', 'status')).toMatchObject({
      exitCode: 2,
      document: { error: { code: 'FHD_PLATFORM_KEY_MISSING' } },
    })
    place.env['FREEHOLD_API_KEY'] = readSecrets().apiKey
    expect(await place.runJson('platform-status.json', 'status')).toMatchObject({
      exitCode: 0,
      document: { platform: null, services: [{ name: 'catalog', isReady: true }], groups: null },
    })
    place.env['FREEHOLD_API_KEY'] = `fhk_${'x'.repeat(43)}`
    expect(await place.runJson('error.json', 'audit')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_REQUEST_API_KEY_INVALID' } },
    })
    delete place.env['FREEHOLD_URL']
    delete place.env['FREEHOLD_API_KEY']
  })

  it('keeps its secrets in one file that its owner reads, and in no output, log or command line', async () => {
    const { apiKey, sealingKeys, passwords } = readSecrets()
    expect(statSync(path.join(place.folder, '.freehold/secrets.json')).mode & 0o777).toBe(0o600)
    const logs = readdirSync(path.join(place.folder, '.freehold/log')).map((name) =>
      readFileSync(path.join(place.folder, '.freehold/log', name), 'utf8'),
    )
    const lines = (await findFamily(platform.pid)).map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        // Gone meanwhile, or a system without /proc.
        return ''
      }
    })
    const everything = [platform.output(), ...logs, ...lines].join('\n')
    const secrets = [apiKey, ...Object.values(passwords), ...Object.values(sealingKeys)]
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([])
  })

  it('lets each service into its own database only, and there change rows only', async () => {
    const { passwords } = readSecrets()
    const { postgresPort } = platform
    const open = (role: string, database: string) =>
      connect({
        connectionString: `postgresql://${role}:${passwords[role]}@127.0.0.1:${postgresPort}/${database}`,
        applicationName: 'test',
      })
    for (const [role, database] of [
      ['catalog', 'migrations'],
      ['migrations', 'catalog'],
      ['catalog_migrator', 'migrations'],
      ['events_owner', 'catalog'],
      ['migrations', 'postgres'],
    ] as const) {
      await expect(open(role, database)).rejects.toThrow(/permission denied for database/)
    }
    const session = await open('migrations', 'migrations')
    for (const statement of [
      'CREATE TABLE migrations.more (id int)',
      'DROP TABLE migrations.runs',
      'DELETE FROM migrations._prisma_migrations',
      'SELECT * FROM freehold.migration_runs',
    ]) {
      await expect(session.query(statement)).rejects.toMatchObject({ code: '42501' })
    }
    await session.end()
  })

  it('answers every request that is on its way when it is told to stop, and goes on at the next start', async () => {
    const catalog = await catalogOf()
    await catalog.registerService({ body: { serviceId: 'before-the-stop' } })
    const agent = new Agent({ keepAlive: true, maxSockets: 30 })
    const url = `${platform.urls['catalog']}/.well-known/jwks.json`
    const round = () => Array.from({ length: 30 }, () => startRequest(url, agent))
    await Promise.all(round().map(async ({ status }) => await status))
    const inFlight = round()
    await Promise.all(inFlight.map(async ({ sent }) => await sent))
    const stopping = platform.stop('SIGTERM')
    const statuses = await Promise.all(inFlight.map(async ({ status }) => await status))
    expect(statuses).toEqual(Array.from({ length: 30 }, () => 200))
    agent.destroy()
    expect(await stopping).toMatchObject({ exitCode: 0 })
    expect(await place.runJson('error.json', 'status')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_PLATFORM_NOT_RUNNING' } },
    })
    platform = await place.up()
    expect((await (await catalogOf()).listServices()).items.map(({ id }) => id)).toContain('before-the-stop')
  })

  it('goes on after all of its processes were killed at once', async () => {
    await (await catalogOf()).registerService({ body: { serviceId: 'before-the-kill' } })
    await killFamily(platform.pid)
    await platform.ended
    expect(await place.runJson('error.json', 'status')).toMatchObject({ exitCode: 1 })
    platform = await place.up()
    const { items } = await (await catalogOf()).listServices()
    expect(items.map(({ id }) => id)).toContain('before-the-kill')
  })

  it('starts a Postgres that was killed again, and everything goes on', async () => {
    await (await catalogOf()).registerService({ body: { serviceId: 'before-the-loss' } })
    const file = path.join(place.folder, '.freehold/postgres/postmaster.pid')
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    process.kill(pid, 'SIGKILL')
    await platform.says('PostgreSQL runs again')
    expect(Number.parseInt(readFileSync(file, 'utf8'), 10)).not.toBe(pid)
    await expect.poll(async () => (await place.run('status')).exitCode, { timeout: timeoutMs, interval: 200 }).toBe(0)
    const catalog = await catalogOf()
    await catalog.registerService({ body: { serviceId: 'after-the-loss' } })
    expect((await catalog.listServices()).items.map(({ id }) => id)).toContain('before-the-loss')
  })

  it('ends and says so when Postgres cannot be started again', async () => {
    const lost = await place.up('--data', 'lost')
    const data = path.join(place.folder, 'lost/postgres')
    rmSync(path.join(data, 'global/pg_control'))
    process.kill(Number.parseInt(readFileSync(path.join(data, 'postmaster.pid'), 'utf8'), 10), 'SIGKILL')
    const { exitCode, stderr } = await lost.ended
    expect(exitCode).toBe(1)
    expect(stderr).toContain('FHD_PLATFORM_POSTGRES_LOST')
  })

  it('lets one of two that start at once have the folder', async () => {
    const both = await Promise.allSettled([place.up('--data', 'both'), place.up('--data', 'both')])
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    expect(refused).toEqual([expect.stringContaining('FHD_PLATFORM_RUNS_ALREADY')])
    for (const one of both) {
      await (one.status === 'fulfilled' ? one.value.stop('SIGTERM') : undefined)
    }
  })

  it('names the port that another program has', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    const taken = await place.run('up', '--data', 'elsewhere', '--port', String(port))
    expect(taken).toMatchObject({ exitCode: 1, stdout: '' })
    expect(taken.stderr).toContain(`port ${port}, on which platform is to answer, is taken by another program`)
    other.close()
  })

  it('makes no new secrets for data that only the old ones open', async () => {
    await platform.stop('SIGTERM')
    const file = path.join(place.folder, '.freehold/secrets.json')
    rmSync(file)
    expect(await place.runJson('error.json', 'up', '--port', '0')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_PLATFORM_SECRETS_MISSING' } },
    })
  })
})

/** Sends a request: `sent` once all of it is under way, `status` once all of the answer is there. */
function startRequest(url: string, agent: Agent): { sent: Promise<void>; status: Promise<number | undefined> } {
  const request = get(url, { agent })
  return {
    sent: new Promise((resolve) => request.once('finish', () => resolve())),
    status: new Promise((resolve, reject) => {
      request.once('error', reject)
      request.once('response', (response) => {
        response.resume().once('end', () => resolve(response.statusCode))
      })
    }),
  }
}
