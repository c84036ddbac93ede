import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Client, connect } from '@freehold/postgres'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createWorkplace, type RunningPlatform, type Workplace } from './running-platform.ts'

const timeoutMs = 180_000
const password = 'a-password-of-the-shop'

const fileWith = (approval: string): string => `migrate: { approval: ${approval} }
config:
  schema:
    type: object
    properties:
      requestsMax: { type: integer, default: 5 }
      smtpPassword: { type: string, secret: true }
`

describe('a service on a platform', { timeout: timeoutMs }, () => {
  let server: Server
  let place: Workplace
  let platform: RunningPlatform
  let shop: Client

  const write = async (name: string, text: string): Promise<void> => {
    const file = path.join(place.folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const migration = async (id: string, sql: string): Promise<void> =>
    await write(`prisma/migrations/${id}/migration.sql`, sql)

  beforeAll(async () => {
    server = await startTestServer(18)
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query('CREATE ROLE owner LOGIN')
    await admin.query('CREATE DATABASE shop OWNER owner')
    await admin.end()
    shop = await connect({ connectionString: server.url('shop', 'owner'), applicationName: 'test' })
    place = await createWorkplace()
    platform = await place.up()
    place.env['DATABASE_URL'] = server.url('shop', 'owner').replace('owner@', `owner:${password}@`)
    await write('prisma/migrations/migration_lock.toml', 'provider = "postgresql"\n')
    await migration('1_orders', 'CREATE TABLE "orders" ("id" bigint PRIMARY KEY, "total" int);\n')
  }, timeoutMs)
  afterAll(async () => {
    await shop.end()
    await place.remove()
    await server.stop()
  }, timeoutMs)

  it('begins with a file that is explained, and is made known from its folder', async () => {
    expect(await place.runJson('init.json', 'init')).toMatchObject({ exitCode: 0 })
    expect(await place.runJson('error.json', 'init')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_PLATFORM_FILE_EXISTS' } },
    })
    const added = await place.runJson('service-added.json', 'service', 'add', '--name', 'orders')
    expect(added).toMatchObject({
      exitCode: 0,
      document: { serviceId: 'orders', isNew: true, migrationSet: { migrations: 1 }, database: { name: 'main' } },
    })
    expect(JSON.stringify(added)).not.toContain(password)
  })

  it('is migrated on the platform, with the documents and exit codes of a command that works alone', async () => {
    const deploy = ['migrate', 'deploy', '--service', 'orders']
    expect(await place.runJson('plan.json', 'migrate', 'plan', '--service', 'orders')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'planned', plan: { mode: 'asWritten' } },
    })
    expect(await place.runJson('deploy.json', ...deploy)).toMatchObject({
      exitCode: 0,
      document: { outcome: 'done', applied: ['1_orders'], run: { state: 'done' } },
    })
    expect(await place.runJson('deploy.json', ...deploy)).toMatchObject({
      exitCode: 0,
      document: { outcome: 'nothingPending' },
    })
    await shop.query('INSERT INTO orders VALUES (1, 0)')
    await migration('2_rename', 'ALTER TABLE "orders" RENAME COLUMN "total" TO "amount";\n')
    expect(await place.runJson('deploy.json', ...deploy)).toMatchObject({
      exitCode: 0,
      document: { outcome: 'windowOpen', applied: ['2_rename'] },
    })
    expect((await place.run(...deploy)).stdout).toContain('the window is open')
    expect(
      await place.runJson('service-status.json', 'migrate', 'status', '--service', 'orders', '--exit-code'),
    ).toEqual(expect.objectContaining({ exitCode: 3 }))
    expect(await place.runJson('undo.json', 'migrate', 'undo', '--service', 'orders', '--yes')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'undone', migrations: ['2_rename'] },
    })
    expect(await place.runJson('deploy.json', ...deploy)).toMatchObject({ document: { outcome: 'windowOpen' } })
    expect(await place.runJson('deploy.json', 'migrate', 'complete', '--service', 'orders', '--yes')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'done' },
    })
    const { document } = await place.runJson('history.json', 'migrate', 'history', '--service', 'orders')
    expect(document['runs']).toMatchObject([{ state: 'done' }, { state: 'undone' }, { state: 'done' }])
  })

  it('goes on with its run when the terminal is closed', async () => {
    await migration('3_note', 'ALTER TABLE "orders" ADD COLUMN "note" text;\n')
    await shop.query('BEGIN')
    await shop.query('SELECT FROM orders')
    const deploying = place.start('migrate', 'deploy', '--service', 'orders')
    await deploying.says('waits for a worker')
    deploying.child.kill('SIGKILL')
    await deploying.ended
    await shop.query('COMMIT')
    await vi.waitFor(
      async () => {
        const { document } = await place.runJson('service-status.json', 'migrate', 'status', '--service', 'orders')
        expect(document['databases']).toMatchObject([{ run: { state: 'completed', applied: ['3_note'] } }])
      },
      { timeout: 60_000, interval: 100 },
    )
  })

  it('waits for the word of a person where something is destroyed, and shows what', async () => {
    await migration('4_drop', 'ALTER TABLE "orders" DROP COLUMN "note";\n')
    const deploy = ['migrate', 'deploy', '--service', 'orders']
    const refused = await place.runJson('error.json', ...deploy)
    expect(refused).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_PLATFORM_APPROVAL_MISSING' } } })
    expect(JSON.stringify(refused.document)).toContain('4_drop:1')
    expect(await place.runJson('deploy.json', ...deploy, '--approve', 'nobody reads it')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'windowOpen', applied: ['4_drop'] },
    })
    await write('prisma/migrations/5_next/migration.sql', 'CREATE INDEX ON "orders" ("amount");\n')
    expect(await place.runJson('error.json', ...deploy)).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_MIGRATE_WINDOW_OPEN' } },
    })
    expect(await place.runJson('deploy.json', ...deploy, '--complete-previous')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'done', applied: ['5_next'] },
    })
  })

  it('shows what its file changes, and where the file is wrong', async () => {
    const apply = ['apply', '--name', 'orders']
    await write('freehold.yaml', 'migrate:\n  approval: sometimes\n')
    const wrong = await place.runJson('error.json', ...apply)
    expect(wrong).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_PLATFORM_FILE_INVALID' } } })
    expect(JSON.stringify(wrong.document)).toContain('freehold.yaml:2:')
    await write('freehold.yaml', fileWith('always'))
    const changes = expect.arrayContaining([{ pointer: '/migrate/approval', before: 'destructive', after: 'always' }])
    expect(await place.runJson('applied.json', ...apply, '--dry-run', '--exit-code')).toMatchObject({
      exitCode: 3,
      document: { outcome: 'dryRun', changes },
    })
    expect(await place.runJson('applied.json', ...apply)).toMatchObject({
      exitCode: 0,
      document: { outcome: 'applied', changes },
    })
    expect(await place.runJson('applied.json', ...apply)).toMatchObject({ document: { outcome: 'unchanged' } })
  })

  it('has a configuration with a history, whose secrets come back in no output', async () => {
    const set = ['config', 'set', 'orders', 'requestsMax=7']
    expect(await place.runJson('configuration.json', ...set)).toMatchObject({
      exitCode: 0,
      document: { settings: { requestsMax: { origin: 'set', value: 7 } } },
    })
    expect(await place.runJson('error.json', 'config', 'set', 'orders', 'requestsMax=many')).toMatchObject({
      exitCode: 2,
    })
    const inArguments = await place.runJson('error.json', 'config', 'set', 'orders', 'smtpPassword=seen')
    expect(inArguments).toMatchObject({ exitCode: 2 })
    expect(JSON.stringify(inArguments)).not.toContain('seen')
    const secret = place.start('config', 'set', 'orders', 'smtpPassword')
    secret.child.stdin?.end('hunter-two-three\n')
    const told = await secret.ended
    expect(told).toMatchObject({ exitCode: 0 })
    expect(told.stdout).toContain('(secret)')
    const shown = await place.runJson('configuration.json', 'config', 'get', 'orders')
    expect(JSON.stringify(shown) + told.stdout + told.stderr).not.toContain('hunter-two-three')
    const history = await place.runJson('configuration-history.json', 'config', 'history', 'orders')
    expect(history.document['versions']).toHaveLength(4)
    expect(await place.runJson('configuration.json', 'config', 'rollback', 'orders', '2')).toMatchObject({
      exitCode: 0,
      document: { version: 5, restoredFrom: 2, settings: { requestsMax: { origin: 'default' } } },
    })
  })

  it('shows the events that a service could not apply, and applies them again', async () => {
    const { passwords } = JSON.parse(await readFile(path.join(place.folder, '.freehold/secrets.json'), 'utf8')) as {
      passwords: Record<string, string>
    }
    const role = 'migrations_migrator'
    const address = `127.0.0.1:${platform.postgresPort}/migrations`
    const connectionString = `postgresql://${role}:${passwords[role]}@${address}`
    const migrator = await connect({ connectionString, applicationName: 'test' })
    await migrator.query('REVOKE INSERT, UPDATE ON migrations.policies FROM migrations')
    await write('freehold.yaml', fileWith('destructive'))
    await place.runJson('applied.json', 'apply', '--name', 'orders')
    const list = ['events', 'dead-letters', '--service', 'migrations']
    const letterId = await vi.waitFor(
      async () => {
        const { document } = await place.runJson('dead-letters.json', ...list)
        expect(document['deadLetters']).toMatchObject([{ service: 'migrations', key: 'orders', attempts: 6 }])
        return (document['deadLetters'] as { letterId: string }[])[0]?.letterId ?? ''
      },
      { timeout: 60_000, interval: 100 },
    )
    expect(await place.runJson('dead-letters.json', 'events', 'dead-letters', letterId)).toMatchObject({
      exitCode: 0,
      document: { deadLetters: [{ letterId, data: { serviceId: 'orders' } }] },
    })
    expect(await place.runJson('replayed.json', 'events', 'replay', letterId)).toMatchObject({
      exitCode: 1,
      document: { records: 0, failed: [{ service: 'migrations', letterId }] },
    })
    await migrator.query('GRANT INSERT, UPDATE ON migrations.policies TO migrations')
    await migrator.end()
    expect(await place.runJson('replayed.json', 'events', 'replay', '--topic', 'freehold.catalog.strategy.v1')).toEqual(
      { exitCode: 0, document: { records: 1, failed: [] } },
    )
    expect(await place.runJson('error.json', 'events', 'replay', letterId)).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_PLATFORM_LETTER_NOT_FOUND' } },
    })
  })

  it('leaves a trace of all this in the events and in the audit log', async () => {
    const { document } = await place.runJson(
      'events.json',
      'events',
      '--type',
      'freehold.migrations.run',
      '--limit',
      '200',
    )
    const types = (document['events'] as { type: string }[]).map(({ type }) => type)
    expect(types).toEqual(expect.arrayContaining(['freehold.migrations.run.completed.v1']))
    expect(await place.runJson('dead-letters.json', 'events', 'dead-letters')).toMatchObject({
      exitCode: 0,
      document: { deadLetters: [] },
    })
    const audit = await place.runJson('audit.json', 'audit', 'orders')
    expect(JSON.stringify(audit.document)).toContain('strategy.applied')
    expect(await place.runJson('audit-verification.json', 'audit', '--verify')).toMatchObject({
      exitCode: 0,
      document: { intact: true },
    })
    expect(platform.output()).not.toContain(password)
  })

  it('is migrated by the command alone again when the platform is gone', async () => {
    await platform.stop('SIGTERM')
    expect(await place.runJson('status.json', 'migrate', 'status', '--service', 'orders')).toMatchObject({
      exitCode: 0,
      document: { openRun: null },
    })
    expect(await place.runJson('error.json', 'events')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_PLATFORM_NOT_RUNNING' } },
    })
  })
})
