import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProject, type Project } from './project.ts'

const orders = 'CREATE TABLE "orders" ("id" bigint PRIMARY KEY, "total" int, "note" text);\n'
const change =
  'UPDATE "orders" SET "total" = 0 WHERE "total" IS NULL;\n--> statement-breakpoint\nALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL;\n'
const removal = 'ALTER TABLE "orders" DROP COLUMN "note";\n'
const journal = (...tags: string[]) =>
  JSON.stringify({
    version: '7',
    dialect: 'postgresql',
    entries: tags.map((tag, idx) => ({ idx, version: '7', when: 1_790_000_000_000 + idx, tag, breakpoints: true })),
  })

interface Input {
  tool: string
  /** What `--migrations` names. */
  place: string
  /** Files by path; those that make the table, then those that come later. */
  before: Record<string, string>
  after: Record<string, string>
  /** Ids of the later migrations, in their order. */
  ids: string[]
  /** What the tool's own table holds then, in the order of its rows. */
  history: { sql: string; before: unknown[]; after: unknown[] }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const inputs: Input[] = [
  {
    tool: 'Flyway',
    place: 'sql',
    before: { 'sql/V1__orders.sql': orders },
    // As words 10 stands before 2.
    after: { 'sql/V10__remove_note.sql': removal, 'sql/later/V2__total.sql': change },
    ids: ['later/V2__total.sql', 'V10__remove_note.sql'],
    history: {
      sql: 'SELECT version, description, script, success FROM flyway_schema_history ORDER BY installed_rank',
      before: [{ version: '1', description: 'orders', script: 'V1__orders.sql', success: true }],
      after: [
        { version: '1', description: 'orders', script: 'V1__orders.sql', success: true },
        { version: '2', description: 'total', script: 'later/V2__total.sql', success: true },
        { version: '10', description: 'remove note', script: 'V10__remove_note.sql', success: true },
      ],
    },
  },
  {
    tool: 'Drizzle',
    place: 'drizzle',
    before: { 'drizzle/0000_orders.sql': orders, 'drizzle/meta/_journal.json': journal('0000_orders') },
    after: {
      'drizzle/0001_total.sql': change,
      'drizzle/0002_note.sql': removal,
      'drizzle/meta/_journal.json': journal('0000_orders', '0001_total', '0002_note'),
    },
    ids: ['0001_total.sql', '0002_note.sql'],
    history: {
      sql: 'SELECT hash, created_at::float8 AS "when" FROM drizzle.__drizzle_migrations ORDER BY id',
      before: [{ hash: sha256(orders), when: 1_790_000_000_000 }],
      after: [orders, change, removal].map((sql, at) => ({ hash: sha256(sql), when: 1_790_000_000_000 + at })),
    },
  },
  {
    tool: 'Kysely',
    place: 'migrations',
    before: { 'migrations/01_orders.sql': orders },
    after: { 'migrations/02_total.sql': change, 'migrations/03_note.sql': removal },
    ids: ['02_total.sql', '03_note.sql'],
    history: {
      sql: 'SELECT id, checksum FROM freehold.applied_migrations ORDER BY id',
      before: [{ id: '01_orders.sql', checksum: sha256(orders) }],
      after: [
        { id: '01_orders.sql', checksum: sha256(orders) },
        { id: '02_total.sql', checksum: sha256(change) },
        { id: '03_note.sql', checksum: sha256(removal) },
      ],
    },
  },
]

describe('migrations that another tool wrote', () => {
  let server: Server
  let project: Project
  beforeAll(async () => {
    server = await startTestServer(18)
  })
  beforeEach(async () => {
    project = await createProject(server)
    return async () => await project.remove()
  })
  afterAll(async () => {
    await server.stop()
  })

  async function write(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(project.folder, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, text)
    }
  }
  const rowsOf = async (sql: string) => (await project.client.query(sql)).rows
  const statesOf = async (place: string) => {
    const { document } = await project.runJson('status.json', 'status', '--migrations', place)
    return (document['migrations'] as { id: string; state: string }[]).map(({ state }) => state)
  }

  it.each(inputs)('of $tool go the whole way there and back, and its own table tells so', {
    timeout: 180_000,
  }, async (input) => {
    const { place, before, after, ids, history } = input
    const deploy = (...options: string[]) => project.runJson('deploy.json', 'deploy', '--migrations', place, ...options)
    await write(before)
    expect(await deploy()).toMatchObject({ exitCode: 0, document: { outcome: 'done' } })
    expect(await rowsOf(history.sql)).toMatchObject(history.before)
    await project.client.query('INSERT INTO orders SELECT g, nullif(g % 3, 0), g FROM generate_series(1, 300) g')

    await write(after)
    const planned = await project.runJson('plan.json', 'plan', '--migrations', place, '--out', 'plan.json')
    expect(planned).toMatchObject({ exitCode: 0, document: { outcome: 'planned', plan: { mode: 'online' } } })
    expect(await deploy()).toMatchObject({ exitCode: 0, document: { outcome: 'windowOpen', applied: ids } })
    expect(await rowsOf(history.sql)).toMatchObject(history.after)
    expect(await statesOf(place)).toEqual(['applied', 'applied', 'applied'])

    const undone = await project.runJson('undo.json', 'undo', '--yes')
    expect(undone).toMatchObject({ exitCode: 0, document: { outcome: 'undone', migrations: ids } })
    expect(await rowsOf(history.sql)).toMatchObject(history.before)
    expect(await rowsOf(history.sql)).toHaveLength(1)
    expect(await rowsOf('SELECT count(total)::int, count(note)::int AS notes FROM orders')).toEqual([
      { count: 200, notes: 300 },
    ])

    expect(await deploy('--plan', 'plan.json', '--phase', 'all', '--yes')).toMatchObject({
      exitCode: 0,
      document: { outcome: 'done', applied: ids },
    })
    expect(await deploy()).toMatchObject({ exitCode: 0, document: { outcome: 'nothingPending' } })
    expect(await rowsOf(history.sql)).toMatchObject(history.after)
    const drift = await project.runJson('drift.json', 'drift')
    expect(drift).toMatchObject({ document: { differences: [] } })

    const [first] = Object.keys(before)
    await write({ [first as string]: `${orders}-- edited` })
    expect(await deploy()).toMatchObject({
      document: { outcome: 'nothingPending', warnings: [expect.stringContaining('was edited after it was applied')] },
    })
    expect(await statesOf(place)).toEqual(['edited', 'applied', 'applied'])
  })

  it('that are one file are one migration', async () => {
    await project.client.query(`${orders} INSERT INTO orders SELECT g, g, g FROM generate_series(1, 300) g`)
    const filling = 'UPDATE "orders" SET "total" = 0;\nCREATE INDEX "by_total" ON "orders" ("total");\n'
    await write({ 'change.sql': filling })
    const deploy = () => project.runJson('deploy.json', 'deploy', '--migrations', 'change.sql')
    expect(await deploy()).toMatchObject({ document: { outcome: 'done', applied: ['change.sql'] } })
    expect(await deploy()).toMatchObject({ document: { outcome: 'nothingPending' } })
    await write({ 'change.sql': `${filling}-- edited` })
    expect(await deploy()).toMatchObject({ document: { warnings: [expect.stringContaining('change.sql was edited')] } })
    expect((await project.run('undo', '--yes')).exitCode).toBe(0)
    expect(await rowsOf('SELECT id FROM freehold.applied_migrations')).toEqual([])
  })

  it('fail with their own file in the message, and leave no trace', async () => {
    await write({ 'sql/V1__orders.sql': orders, 'sql/V2__bad.sql': 'ALTER TABEL "orders" ADD COLUMN "a" int;' })
    await project.client.query('CREATE TABLE other (id int)')
    const { exitCode, stderr } = await project.run('deploy', '--migrations', 'sql')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('V2__bad.sql:1:7')
    expect(stderr).toContain('at V2__bad.sql, line 1, column 7')
    expect(await rowsOf(`SELECT FROM pg_class WHERE relname IN ('orders', 'flyway_schema_history')`)).toEqual([])
  })

  it('of Kysely that its own migrator has begun are gone on with, and it is kept in step', async () => {
    await project.client.query(`${orders}
      CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);
      INSERT INTO kysely_migration VALUES ('01_orders', '2026-01-01T00:00:00.000Z')`)
    await write({ 'migrations/01_orders.sql': orders, 'migrations/02_note.sql': removal })
    const deployed = await project.runJson('deploy.json', 'deploy', '--migrations', 'migrations')
    expect(deployed).toMatchObject({ document: { outcome: 'windowOpen', applied: ['02_note.sql'] } })
    const names = 'SELECT name FROM kysely_migration ORDER BY name'
    expect(await rowsOf(names)).toEqual([{ name: '01_orders' }, { name: '02_note' }])
    await project.run('undo', '--yes')
    expect(await rowsOf(names)).toEqual([{ name: '01_orders' }])
  })

  it('of Flyway are begun until they are done, and a failed one is refused until it is resolved', async () => {
    await write({ 'sql/V1__orders.sql': orders, 'sql/V2__note.sql': removal })
    await project.client.query(orders)
    expect((await project.run('resolve', '--migrations', 'sql', '--applied', 'V1__orders.sql')).exitCode).toBe(0)
    await project.client.query(
      `INSERT INTO flyway_schema_history VALUES (2, '2', 'note', 'SQL', 'V2__note.sql', 1, 'x', now(), 0, false)`,
    )
    const refused = await project.runJson('error.json', 'deploy', '--migrations', 'sql')
    expect(refused).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_MIGRATE_FAILED_BEFORE' } } })
    expect(await statesOf('sql')).toEqual(['applied', 'failed'])
    await project.run('resolve', '--migrations', 'sql', '--rolled-back', 'V2__note.sql')
    expect(await statesOf('sql')).toEqual(['applied', 'pending'])
  })

  it('of Flyway that are repeatable are applied behind all others, and again once they have changed', async () => {
    const view = 'CREATE OR REPLACE VIEW "totals" AS SELECT "id" FROM "orders";\n'
    await write({ 'sql/R__totals.sql': view, 'sql/V1__orders.sql': orders })
    await project.client.query('CREATE TABLE other (id int)')
    const deploy = () => project.runJson('deploy.json', 'deploy', '--migrations', 'sql')
    expect(await deploy()).toMatchObject({ document: { applied: ['V1__orders.sql', 'R__totals.sql'] } })
    expect(await deploy()).toMatchObject({ document: { outcome: 'nothingPending', warnings: [] } })
    await write({ 'sql/R__totals.sql': view.replace('"id"', '"id", "total"') })
    expect(await statesOf('sql')).toEqual(['applied', 'pending'])
    expect(await deploy()).toMatchObject({ document: { applied: ['R__totals.sql'], warnings: [] } })
    expect((await project.run('complete', '--yes')).exitCode).toBe(0)
    expect(await deploy()).toMatchObject({ document: { outcome: 'nothingPending', warnings: [] } })
  })

  it('of Flyway at or below a baseline are in the database already', async () => {
    await project.client.query(orders)
    await write({ 'sql/V1__orders.sql': orders, 'sql/V1_1__index.sql': 'CREATE INDEX ON "orders" ("total");' })
    expect((await project.run('baseline', '--migrations', 'sql')).exitCode).toBe(0)
    await project.client.query(
      `DELETE FROM flyway_schema_history;
       INSERT INTO flyway_schema_history VALUES (1, '1', 'baseline', 'BASELINE', 'baseline', NULL, 'x', now(), 0, true)`,
    )
    expect(await statesOf('sql')).toEqual(['applied', 'pending'])
  })

  it('of a table that is no longer there are told as edited, missing and late', async () => {
    await write({ 'sql/V1__orders.sql': orders, 'sql/V3__note.sql': removal })
    await project.run('deploy', '--migrations', 'sql')
    await rm(path.join(project.folder, 'sql/V3__note.sql'))
    await write({ 'sql/V2__late.sql': 'CREATE TABLE "late" ("id" int);', 'sql/V1__orders.sql': `${orders}--` })
    expect(await project.runJson('status.json', 'status', '--migrations', 'sql')).toMatchObject({
      document: {
        migrations: [
          { id: 'V1__orders.sql', state: 'edited' },
          { id: 'V2__late.sql', state: 'pending' },
          { id: 'V3__note.sql', state: 'missing' },
        ],
      },
    })
  })
})
