import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as engine from '@freehold/migrations/engine'
import { type Server, startTestServer } from '@freehold/postgres/embedded'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFake } from '../src/testing/fake-surroundings.ts'
import { createProject, type Project } from './project.ts'

const datasource = 'datasource db {\n  provider = "postgresql"\n}\n'
const orders = (table: string, ...fields: string[]) =>
  `${datasource}model Order {\n  id BigInt @id\n  total Int?\n  ${fields.join('\n  ')}\n  @@map("${table}")\n}\n`

describe('freehold migrate diff', () => {
  let server: Server
  let project: Project
  beforeAll(async () => {
    server = await startTestServer(18)
    project = await createProject(server)
    await project.run('deploy')
    await project.client.query('INSERT INTO orders SELECT g, g, g FROM generate_series(1, 300) g')
  })
  afterAll(async () => {
    await project.remove()
    await server.stop()
  })

  const folder = () => path.join(project.folder, 'prisma/migrations')
  const ids = () =>
    readdirSync(folder())
      .filter((name) => name !== 'migration_lock.toml')
      .sort()
  const lastSql = () => readFileSync(path.join(folder(), ids().at(-1) as string, 'migration.sql'), 'utf8')
  const writeSchema = (text: string) => writeFile(path.join(project.folder, 'prisma/schema.prisma'), text)
  const removeLast = () => rm(path.join(folder(), ids().at(-1) as string), { recursive: true })
  const diff = (...options: string[]) => project.runJson('diff.json', 'diff', ...options)
  const noDifference = { exitCode: 0, document: { outcome: 'noDifference', migrationId: null, sql: '' } }

  it('writes nothing where the migrations end in what the schema says', async () => {
    await writeSchema(orders('orders', 'note String?'))
    expect(await diff()).toMatchObject(noDifference)
    expect(ids()).toEqual(['1_orders'])
  })

  it('writes what is missing as a migration that deploy runs, and then finds nothing missing', async () => {
    await writeSchema(
      orders('orders', 'note String?', 'placedAt DateTime @default(now()) @map("placed_at")', '@@index([total])'),
    )
    const { exitCode, document } = await diff('--name', 'Placed at!')
    expect(exitCode).toBe(0)
    expect(document).toMatchObject({ outcome: 'written', renames: [], unanswered: [] })
    expect(document['migrationId']).toMatch(/^\d{14}_placed_at$/)
    expect(document['file']).toBe(`prisma/migrations/${document['migrationId']}/migration.sql`)
    expect(lastSql()).toBe(document['sql'])
    expect(lastSql()).toContain('CREATE INDEX "orders_total_idx" ON "orders"("total");')
    expect(await project.runJson('deploy.json', 'deploy', '--phase', 'all')).toMatchObject({
      document: { outcome: 'done', applied: [document['migrationId']] },
    })
    expect(await diff()).toMatchObject(noDifference)
  })

  it('takes no drop for a rename and no rename for a drop where nobody says which it is', async () => {
    const rest = ['placedAt DateTime @default(now()) @map("placed_at")', '@@index([total])']
    await writeSchema(orders('orders', 'remark String?', ...rest))
    const asked = await project.run('diff')
    expect(asked.exitCode).toBe(1)
    expect(asked.stdout).toContain('--rename orders.note:remark')
    expect(lastSql()).toContain('DROP COLUMN "note"')
    expect(lastSql()).toContain('--   ALTER TABLE "orders" RENAME COLUMN "note" TO "remark";')
    await removeLast()

    expect(await diff('--no-renames')).toMatchObject({ exitCode: 0, document: { unanswered: [], renames: [] } })
    expect(lastSql()).toContain('DROP COLUMN "note"')
    expect(lastSql()).not.toContain('RENAME')
    await removeLast()

    for (const name of ['orders.note:nothing', 'orders.total:remark']) {
      const refused = await project.runJson('error.json', 'diff', '--rename', name)
      expect(refused).toMatchObject({ exitCode: 2, document: { error: { code: 'FHD_MIGRATE_RENAME_UNKNOWN' } } })
    }
    const { document } = await diff('--rename', 'orders.note:remark')
    expect(document).toMatchObject({ renames: ['orders.note:remark'], unanswered: [] })
    expect(document['sql']).toBe('-- RenameColumn\nALTER TABLE "orders" RENAME COLUMN "note" TO "remark";\n')
    expect((await project.run('deploy', '--phase', 'all')).exitCode).toBe(0)
    expect((await project.client.query('SELECT count(remark)::int FROM orders')).rows).toEqual([{ count: 300 }])
    expect(await diff()).toMatchObject(noDifference)
  })

  it('asks a person, first for tables and then for their columns', async () => {
    await writeSchema(
      orders('purchases', 'comment String?', 'placedAt DateTime @default(now()) @map("placed_at")', '@@index([total])'),
    )
    const run = async (answer: boolean) =>
      await runFake(['migrate', 'diff', '--json'], { engine, env: {}, folder: project.folder, answer })
    const declined = await run(false)
    expect(declined.exitCode).toBe(0)
    expect(JSON.parse(declined.stdout)).toMatchObject({ renames: [], unanswered: [] })
    expect(declined.stderr.split('\n').filter((line) => line !== '')).toEqual([
      'The table orders is gone and purchases is new. Is it the same under another name? [y/N]',
    ])
    expect(lastSql()).toContain('DROP TABLE "orders"')
    await removeLast()

    const accepted = await run(true)
    expect(accepted.stderr).toContain('The column remark of purchases is gone and comment is new.')
    expect(JSON.parse(accepted.stdout)).toMatchObject({ renames: ['orders:purchases', 'purchases.remark:comment'] })
    expect(lastSql()).toContain('ALTER TABLE "orders" RENAME TO "purchases";')
    expect(lastSql()).not.toContain('DROP')
    expect((await project.run('deploy', '--phase', 'all')).exitCode).toBe(0)
    expect((await project.client.query('SELECT count(comment)::int FROM purchases')).rows).toEqual([{ count: 300 }])
    expect(await diff()).toMatchObject(noDifference)
  })

  it('begins a folder that is not there, from a schema of several files', async () => {
    const empty = await mkdtemp(path.join(tmpdir(), 'freehold-diff-'))
    await mkdir(path.join(empty, 'prisma/schema'), { recursive: true })
    await writeFile(path.join(empty, 'prisma/schema/base.prisma'), datasource)
    await writeFile(path.join(empty, 'prisma/schema/tag.prisma'), 'model Tag {\n  id Int @id\n}\n')
    const options = { engine, env: {}, folder: empty }
    const finished = await runFake(['migrate', 'diff', '--json', '--schema-file', 'prisma/schema'], options)
    expect(finished.exitCode).toBe(0)
    const schema: object = JSON.parse(readFileSync(new URL('../schemas/diff.json', import.meta.url), 'utf8'))
    expect(new Ajv2020().compile(schema)(JSON.parse(finished.stdout))).toBe(true)
    const lock = readFileSync(path.join(empty, 'prisma/migrations/migration_lock.toml'), 'utf8')
    expect(lock).toContain('provider = "postgresql"')
    await rm(empty, { recursive: true })
  })

  it.each([
    ['a schema that is not there', ['--schema-file', 'nowhere.prisma'], 'FHD_MIGRATE_SCHEMA_FILE_MISSING'],
    ['a schema that Prisma does not understand', ['--schema-file', 'bad.prisma'], 'FHD_MIGRATE_SCHEMA_FILE_INVALID'],
    ['a folder of another tool', ['--migrations', 'sql'], 'FHD_MIGRATE_FOLDER_NOT_MIGRATIONS'],
    ['migrations that do not run', ['--migrations', 'broken'], 'FHD_MIGRATE_HISTORY_FAILS'],
    ['a folder whose last name stands behind all times', ['--migrations', 'last'], 'FHD_MIGRATE_MIGRATION_NOT_LAST'],
  ])('writes nothing for %s', async (_, options, code) => {
    const files = {
      'bad.prisma': `${datasource}model Tag {\n  id Int @ide\n}\n`,
      'sql/V1__a.sql': '',
      'broken/1_a/migration.sql': 'ALTER TABLE "gone" ADD COLUMN "a" int;',
      'last/x_last/migration.sql': '',
    }
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(project.folder, name)), { recursive: true })
      await writeFile(path.join(project.folder, name), text)
    }
    const before = readdirSync(project.folder, { recursive: true })
    expect(await project.runJson('error.json', 'diff', ...options)).toMatchObject({ document: { error: { code } } })
    expect(readdirSync(project.folder, { recursive: true })).toEqual(before)
  })
})
