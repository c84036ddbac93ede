import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readCatalog } from '@freehold/migrations/testing'
import { connect } from '@freehold/postgres'
import { type Server, startServer, startTestServer } from '@freehold/postgres/embedded'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createProject, type Project } from './project.ts'

describe('bad input', () => {
  let server: Server
  let project: Project
  beforeAll(async () => {
    server = await startTestServer(18)
    project = await createProject(server)
    await project.run('deploy')
    await project.client.query('INSERT INTO orders SELECT g, nullif(g, 7), g FROM generate_series(1, 100) g')
  })
  afterAll(async () => {
    await project.remove()
    await server.stop()
  })

  const remove = (id: string) => rm(path.join(project.folder, 'prisma/migrations', id), { recursive: true })

  it('of a folder that is none is wrong use', async () => {
    await mkdir(path.join(project.folder, 'pictures'))
    await writeFile(path.join(project.folder, 'pictures/cat.txt'), '')
    for (const folder of ['nowhere', 'pictures', 'pictures/cat.txt']) {
      const { exitCode, document } = await project.runJson('error.json', 'deploy', '--migrations', folder)
      expect(exitCode).toBe(2)
      expect(document).toMatchObject({ error: { code: expect.stringMatching(/^FHD_MIGRATE_FOLDER_NOT/) } })
    }
  })

  it('of SQL that does not parse names file, line and column, and shows the place', async () => {
    await project.write(
      '2_bad',
      '-- first\nALTER TABLE "orders" ADD COLUMN "a" int;\nALTER TABEL "orders" ADD COLUMN "b" int;\n',
    )
    const finished = await project.run('deploy')
    expect(finished.exitCode).toBe(1)
    expect(finished.stderr).toContain('2_bad/migration.sql, line 3, column 7')
    expect(finished.stderr).toMatch(/ALTER TABEL .*\n\s+\^/)
    await remove('2_bad')
  })

  it('of an edited, a missing and a late migration is warned of, and the late one is run', async () => {
    await project.client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'c', '5_gone', now())`,
    )
    await project.write(
      '1_orders',
      '-- edited\nCREATE TABLE "orders" ("id" bigint PRIMARY KEY, "total" int, "note" text);\n',
    )
    await project.write('0_late', 'CREATE TABLE "late" ("id" int PRIMARY KEY);\n')
    const { exitCode, stdout } = await project.run('deploy')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('1_orders')
    expect(stdout).toContain('5_gone')
    expect(stdout).toMatch(/Done: 1 migration applied[\s\S]*0_late/)
  })

  it.each([
    ['CREATE UNIQUE INDEX "one_note" ON "orders" ("parity")', '23505', '2; for example (0), (1)'],
    ['ALTER TABLE "orders" ADD CONSTRAINT "one_note" UNIQUE ("parity")', '23505', '2; for example (0), (1)'],
    [
      'ALTER TABLE "orders" ADD CONSTRAINT "of_customer" FOREIGN KEY ("total") REFERENCES "customers" ("id")',
      '23503',
      '50; for example (51), (52), (53)',
    ],
    [
      'ALTER TABLE "orders" ADD CONSTRAINT "small" CHECK ("total" < 99)',
      '23514',
      '2; for example (99,99,1), (100,100,0)',
    ],
    ['ALTER TABLE "orders" ALTER COLUMN "total" SET NOT NULL', '23502', '1; for example (7,,1)'],
  ])('of rows that violate the rule is told by their number and examples: %s', async (rule, sqlstate, rows) => {
    await project.client.query(`
      CREATE TABLE IF NOT EXISTS customers AS SELECT generate_series(1, 50) AS id;
      CREATE UNIQUE INDEX IF NOT EXISTS customers_id_key ON customers (id);
      ALTER TABLE orders DROP COLUMN IF EXISTS note, ADD COLUMN IF NOT EXISTS parity int;
      UPDATE orders SET parity = id % 2`)
    const before = await readCatalog(project.client)
    await project.write('2_rule', `ALTER TABLE "orders" ADD COLUMN "extra" int;\n${rule};\n`)
    const { exitCode, document } = await project.runJson('error.json', 'deploy', '--phase', 'all')
    expect(exitCode).toBe(1)
    expect(document).toMatchObject({ error: { sqlstate } })
    expect(JSON.stringify(document)).toContain(rows)
    expect(await readCatalog(project.client)).toEqual(before)
    await remove('2_rule')
    expect((await project.run('status')).exitCode).toBe(0)
  })

  it('of a statement that has to rewrite a table without a key is refused', async () => {
    await project.client.query('CREATE TABLE loose (total integer)')
    await project.write('2_type', 'ALTER TABLE "loose" ALTER COLUMN "total" TYPE bigint;\n')
    vi.stubEnv('FREEHOLD_BRIEF_TABLE_BYTES', '0')
    const deployed = await project.run('deploy')
    vi.unstubAllEnvs()
    expect(deployed.exitCode).toBe(1)
    expect(deployed.stderr).toContain('FHD_MIGRATE_REFUSED')
    expect(deployed.stderr).toContain('2_type')
    await project.client.query('DROP TABLE loose')
    await remove('2_type')
  })

  it('of a stale plan is refused', async () => {
    await project.write('2_plan', 'ALTER TABLE "orders" ADD COLUMN "planned" int;\n')
    await project.run('plan', '--out', 'plan.json')
    await project.client.query('ALTER TABLE orders ADD COLUMN meanwhile int')
    const stale = await project.runJson('error.json', 'deploy', '--plan', 'plan.json')
    expect(stale).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_MIGRATE_PLAN_STALE' } } })
    await project.client.query('ALTER TABLE orders DROP COLUMN meanwhile')
    await remove('2_plan')
  })

  it('of a role without rights is refused', async () => {
    await project.client.query('GRANT SELECT ON orders, _prisma_migrations TO PUBLIC')
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query('CREATE ROLE application LOGIN')
    await admin.end()
    await project.write('2_rights', 'ALTER TABLE "orders" ADD COLUMN "rights" int;\n')
    const url = new URL(project.url)
    url.username = 'application'
    const { exitCode, document } = await project.runJson('error.json', 'deploy', '--database-url', url.href)
    expect(exitCode).toBe(1)
    expect(document).toMatchObject({ error: { code: 'FHD_MIGRATE_RIGHTS_MISSING' } })
    await remove('2_rights')
  })

  it('of a role that does not own the table, or may not make a schema, is refused with the GRANT to give', async () => {
    const own = await createProject(server)
    const { username, pathname } = new URL(own.url)
    const database = pathname.slice(1)
    await own.client.query('CREATE TABLE orders (id int PRIMARY KEY); GRANT SELECT ON orders TO PUBLIC')
    await own.write('1_orders', 'ALTER TABLE "orders" ADD COLUMN "rights" int;\n')
    const admin = await connect({ connectionString: server.url(), applicationName: 'test' })
    await admin.query('CREATE ROLE stranger LOGIN')
    const url = new URL(own.url)
    url.username = 'stranger'
    const before = await readCatalog(own.client)
    const stranger = await own.runJson('error.json', 'deploy', '--database-url', url.href)
    expect(stranger).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_MIGRATE_RIGHTS_MISSING' } } })
    expect(JSON.stringify(stranger.document)).toContain(`must be owner of table orders`)
    expect(JSON.stringify(stranger.document)).toContain(`GRANT \\"${username}\\" TO \\"stranger\\"`)
    await admin.query(`ALTER DATABASE ${database} OWNER TO postgres`)
    const owner = await own.runJson('error.json', 'deploy')
    expect(owner).toMatchObject({ exitCode: 1, document: { error: { code: 'FHD_MIGRATE_RIGHTS_MISSING' } } })
    expect(JSON.stringify(owner.document)).toContain(`GRANT CREATE ON DATABASE \\"${database}\\"`)
    expect((await readCatalog(own.client)).relations).toEqual(before.relations)
    await admin.end()
    await own.remove()
  })

  it('of a second runner is refused while the first one is at work', async () => {
    await project.client.query('BEGIN')
    await project.client.query('SELECT pg_advisory_xact_lock(72707369)')
    const { exitCode, document } = await project.runJson('error.json', 'deploy')
    await project.client.query('ROLLBACK')
    expect(exitCode).toBe(1)
    expect(document).toMatchObject({ error: { code: 'FHD_MIGRATE_ANOTHER_RUNNER' } })
  })

  it('of a server that is not there, or has no such database, is told without the password', async () => {
    const none = await project.run('status', '--database-url', 'postgresql://shop:correct-horse@127.0.0.1:1/orders')
    const unknown = new URL(project.url)
    unknown.pathname = '/nowhere'
    unknown.password = 'correct-horse'
    for (const finished of [none, await project.run('deploy', '--database-url', unknown.href)]) {
      expect(finished.exitCode).toBe(1)
      expect(finished.stderr).toContain('FHD_MIGRATE_CONNECTION_FAILED')
      expect(finished.stdout + finished.stderr).not.toContain('correct-horse')
    }
  })
})

describe('a wrong password', () => {
  it('is told without showing it', async () => {
    const trusting = await startTestServer(18)
    const strict = await startServer({ major: 18, ephemeral: true })
    const project = await createProject(trusting)
    const url = new URL(strict.url())
    url.password = 'correct-horse-battery'
    const finished = await project.run('deploy', '--database-url', url.href)
    expect(finished.exitCode).toBe(1)
    expect(finished.stderr).toContain('SQLSTATE 28P01')
    expect(finished.stderr).not.toContain('correct-horse')
    await project.remove()
    await Promise.all([trusting.stop(), strict.stop()])
  })
})
