import { startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { skipWithout } from '../../../tools/docker/skip-without.ts'
import { type ContainedPostgres, startContainedPostgres } from '../../../tools/docker/start-postgres.ts'
import { createProject, type Project, startProgram } from './project.ts'

const servers: { where: string; start(): Promise<ContainedPostgres | { missing: string }> }[] = [
  { where: 'on the embedded server', start: () => startTestServer(18) },
  { where: 'on a server in a container', start: startContainedPostgres },
]

describe.each(servers)('a migration’s way through the command line $where', ({ start }) => {
  let server: ContainedPostgres
  let missing: string | undefined
  let project: Project
  beforeAll(async () => {
    const started = await start()
    if ('missing' in started) {
      missing = started.missing
      return
    }
    server = started
    project = await createProject(server)
    await project.run('deploy')
    await project.client.query('INSERT INTO orders SELECT g, nullif(g % 3, 0), g FROM generate_series(1, 3000) g')
    await project.write(
      '2_total',
      'UPDATE "orders" SET "total" = 0 WHERE "total" IS NULL;\nALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL;\n',
    )
    await project.write('3_note', 'ALTER TABLE "orders" DROP COLUMN "note";\n')
  })
  afterAll(async () => {
    if (missing === undefined) {
      await project.remove()
      await server.stop()
    }
  })
  beforeEach((context) => skipWithout(context, missing))

  it('goes from the plan over the open window to its end, each document fitting its schema', async () => {
    const planned = await project.runJson('plan.json', 'plan', '--out', 'plan.json')
    expect(planned).toMatchObject({ exitCode: 0, document: { outcome: 'planned', plan: { mode: 'online' } } })

    const deployed = await project.runJson('deploy.json', 'deploy', '--plan', 'plan.json', '--service', 'orders')
    expect(deployed).toMatchObject({ exitCode: 0, document: { outcome: 'windowOpen', applied: ['2_total', '3_note'] } })
    expect(await project.runJson('status.json', 'status', '--exit-code')).toMatchObject({
      exitCode: 3,
      document: { openRun: { state: 'windowOpen' } },
    })
    expect(await project.runJson('undo.json', 'undo', '--dry-run')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'dryRun', migrations: ['2_total', '3_note'] },
    })
    expect(await project.runJson('error.json', 'complete')).toMatchObject({
      exitCode: 2,
      document: { error: { code: 'FHD_MIGRATE_CONFIRMATION' } },
    })
    expect(await project.runJson('undo.json', 'undo', '--yes')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'undone' },
    })

    expect(await project.runJson('deploy.json', 'deploy', '--plan', 'plan.json')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'windowOpen' },
    })
    expect(await project.runJson('deploy.json', 'complete', '--yes')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'done' },
    })
    expect(await project.runJson('deploy.json', 'deploy')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'nothingPending' },
    })
    expect(await project.runJson('status.json', 'status', '--exit-code')).toMatchObject({ exitCode: 0 })
    expect(await project.runJson('error.json', 'undo', '--yes')).toMatchObject({
      exitCode: 1,
      document: { error: { code: 'FHD_MIGRATE_NOTHING_TO_UNDO' } },
    })
    const { document } = await project.runJson('history.json', 'history')
    expect(document['runs']).toMatchObject([{ state: 'done' }, { state: 'undone' }, { state: 'done' }])
  })

  it('tells drift by exit code 3, where it is asked to', async () => {
    expect(await project.runJson('drift.json', 'drift', '--exit-code')).toMatchObject({ exitCode: 0 })
    await project.client.query('CREATE INDEX by_hand ON orders (total)')
    expect(await project.runJson('drift.json', 'drift', '--exit-code')).toMatchObject({ exitCode: 3 })
    expect(await project.runJson('drift.json', 'drift')).toMatchObject({ exitCode: 0 })
  })

  it('enters what is there already by baseline and resolve', async () => {
    const other = await createProject(server)
    await other.client.query('CREATE TABLE orders (id bigint PRIMARY KEY, total int, note text)')
    expect(await other.runJson('baseline.json', 'baseline')).toMatchObject({
      exitCode: 0,
      document: { applied: ['1_orders'] },
    })
    await other.write('2_by_hand', 'ALTER TABLE "orders" ADD COLUMN "by_hand" int;\n')
    expect(await other.runJson('resolve.json', 'resolve', '--applied', '2_by_hand')).toMatchObject({
      exitCode: 0,
      document: { migrationId: '2_by_hand', state: 'applied' },
    })
    expect(await other.runJson('error.json', 'resolve', '--rolled-back', '9_none')).toMatchObject({
      exitCode: 2,
      document: { error: { code: 'FHD_MIGRATE_UNKNOWN_MIGRATION' } },
    })
    expect(await other.runJson('plan.json', 'plan')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'nothingPending' },
    })
    await other.remove()
  })

  it('goes on when nobody reads its output', async () => {
    const running = startProgram(['status'], project.folder, { DATABASE_URL: project.url })
    running.child.stdout?.destroy()
    expect((await running.finished).exitCode).toBe(0)
  })
})
