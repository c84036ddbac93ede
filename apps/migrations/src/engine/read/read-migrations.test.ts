import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { problems } from '../problem.ts'
import { findMigrationsFolder, findSchemaFile } from './find-folder.ts'
import { readMigrations, readMigrationsFolder } from './read-migrations.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'freehold-folder-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function write(name: string, content: string | Buffer): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
  await writeFile(path.join(folder, name), content)
}

describe('readMigrationsFolder', () => {
  it('returns what Prisma sees: real folders in the order of words, with the checksum of the bytes', async () => {
    await write('migration_lock.toml', '# do not edit\nprovider = "postgresql"\n')
    await write('README.md', 'x')
    await write('1_B/migration.sql', '\uFEFFSELECT 1')
    await write('1_a/migration.sql', '')
    await symlink(path.join(folder, '1_a'), path.join(folder, '0_link'))
    expect(await readMigrationsFolder(folder)).toEqual([
      { id: '1_a', checksum: createHash('sha256').update('').digest('hex'), sql: '' },
      { id: '1_B', checksum: createHash('sha256').update('\uFEFFSELECT 1').digest('hex'), sql: '\uFEFFSELECT 1' },
    ])
  })

  it('takes a folder with a lock file and no migration yet', async () => {
    await write('migration_lock.toml', 'provider = "postgresql"')
    expect(await readMigrationsFolder(folder)).toEqual([])
  })

  it.each([
    ['that is not there', 'missing', problems.folderNotFound, 'does not exist'],
    ['that is a file', 'file', problems.folderNotMigrations, 'is a file and not a folder'],
    ['without migrations', 'empty', problems.folderNotMigrations, 'holds no migration'],
    ['for another database', 'mysql', problems.providerNotPostgres, 'are for mysql'],
    ['with a migration without its file', 'hollow', problems.folderNotMigrations, 'migration.sql does not exist'],
    ['with a file that is not UTF-8', 'latin', problems.folderNotMigrations, 'is not UTF-8'],
    ['with a file that is too large', 'large', problems.folderNotMigrations, 'a migration may have 20971520'],
  ])('refuses a folder %s', async (_, name, definition, message) => {
    await write('file', 'x')
    await mkdir(path.join(folder, 'empty'))
    await write('mysql/migration_lock.toml', 'provider = "mysql"')
    await mkdir(path.join(folder, 'hollow', '1_x'), { recursive: true })
    await write('latin/1_x/migration.sql', Buffer.from('SELECT \xe9', 'latin1'))
    await write('large/1_x/migration.sql', Buffer.alloc(20 * 1024 * 1024 + 1, ' '))
    const found = await readMigrationsFolder(path.join(folder, name)).catch((error: unknown) => error)
    expect(found).toMatchObject({ definition, message: expect.stringContaining(message) })
  })
})

describe('readMigrations', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const idsOf = async (place = folder) => (await readMigrations(place)).migrations.map(({ id }) => id)
  const journal = (dialect: string, ...tags: string[]) =>
    JSON.stringify({ dialect, entries: tags.map((tag, when) => ({ when, tag })) })

  it('takes Flyway’s versions as numbers, wherever the files lie, and repeatable ones behind them', async () => {
    for (const name of ['R__b_view.sql', 'R__a.sql', 'V10__x.sql', 'V2__x.sql', 'V2.0.1__x.sql', 'V1_3__x.sql']) {
      await write(name, '')
    }
    await write('sub/V002_1__x.sql', '')
    await write('U2__x.sql', '')
    const source = await readMigrations(folder)
    expect(source.migrations.map(({ id }) => id)).toEqual([
      'V1_3__x.sql',
      'V2__x.sql',
      'V2.0.1__x.sql',
      'sub/V002_1__x.sql',
      'V10__x.sql',
      'R__a.sql',
      'R__b_view.sql',
    ])
    expect(source.migrations.at(3)?.entry).toMatchObject({ version: '002.1', description: 'x' })
    expect(source.migrations.at(-1)?.entry).toMatchObject({ version: null, description: 'b view' })
    expect(source.warnings).toEqual([expect.stringContaining('U2__x.sql is passed over')])
  })

  it('gives Flyway’s files the checksums that Flyway 12 gives them', async () => {
    await write('V1__init.sql', '\uFEFFCREATE TABLE orders (id bigint PRIMARY KEY, total int);\r\n-- é\r\n')
    await write('V1_2__add__note.sql', 'ALTER TABLE orders ADD COLUMN note text;\n\n')
    expect((await readMigrations(folder)).migrations.map(({ entry }) => entry)).toEqual([
      { table: 'flyway', version: '1', description: 'init', checksum: -694964958 },
      { table: 'flyway', version: '1.2', description: 'add  note', checksum: 595524217 },
    ])
  })

  it('takes Drizzle’s files in the order of the journal, with the hash of the text', async () => {
    await write('meta/_journal.json', journal('postgresql', '0001_b', '0000_a'))
    await write('0000_a.sql', 'SELECT 1')
    await write('0001_b.sql', 'SELECT 2')
    await write('seed.sql', 'SELECT 3')
    const source = await readMigrations(folder)
    expect(source.migrations.map(({ entry }) => entry)).toEqual([
      { table: 'drizzle', when: 0, hash: sha256('SELECT 2') },
      { table: 'drizzle', when: 1, hash: sha256('SELECT 1') },
    ])
    expect(source.warnings).toEqual([expect.stringContaining('seed.sql is passed over')])
  })

  it('takes SQL files in the order of their names, and one file alone', async () => {
    await write('b.sql', 'SELECT 1')
    await write('A.sql', 'SELECT 2')
    expect(await idsOf()).toEqual(['A.sql', 'b.sql'])
    expect(await idsOf(path.join(folder, 'b.sql'))).toEqual(['b.sql'])
  })

  it('lets an applied migration hold a placeholder of Flyway’s, and no pending one', async () => {
    const placeholder = '$'.concat('{prefix}')
    await write('V1__x.sql', `SELECT 1;\nCREATE TABLE ${placeholder}t (id int)`)
    const source = await readMigrations(folder)
    const message = `V1__x.sql holds the placeholder ${placeholder}`
    expect(() => source.checkPending(source.migrations)).toThrow(message)
    source.checkPending([])
  })

  it.each([
    [
      'two tools’ files',
      { '1_a/migration.sql': '', 'V1__x.sql': '' },
      '1_a/migration.sql as Prisma has it and V1__x.sql as Flyway has it',
    ],
    [
      'Prisma 8’s operations',
      { 'app/1_a/ops.json': '[]', 'app/1_a/migration.json': '{}' },
      'app/1_a/ops.json, which Prisma 8 writes',
    ],
    [
      'what drizzle-kit 1 writes',
      { '1_a/migration.sql': '', '1_a/snapshot.json': '' },
      '1_a/snapshot.json, which drizzle-kit 1 writes',
    ],
    ['Drizzle’s files for another database', { 'meta/_journal.json': journal('sqlite') }, 'are for sqlite'],
    ['a journal that is none', { 'meta/_journal.json': '{"entries":1}' }, 'is not a journal'],
    ['a journal that leads out of the folder', { 'meta/_journal.json': journal('pg', '../x') }, 'is not a journal'],
    ['a journal without its file', { 'meta/_journal.json': journal('pg', '0000_a') }, '0000_a.sql does not exist'],
    ['a version twice', { 'V1__a.sql': '', 'V1.0__b.sql': '' }, 'two migrations of the version'],
    ['a callback of Flyway’s', { 'V1__a.sql': '', 'afterMigrate.sql': '' }, 'afterMigrate.sql is a callback'],
    [
      'a file that Flyway would pass over',
      { 'V1__a.sql': '', 'V2_b.sql': '' },
      'V2_b.sql is not named as Flyway names',
    ],
    ['a baseline of Flyway’s', { 'V1__a.sql': '', 'B1__a.sql': '' }, 'is a baseline migration'],
    ['a way back beside the way there', { '1_a.up.sql': '', '1_a.down.sql': '' }, '1_a.down.sql is for going back'],
    ['a way back in the same file', { '1_a.sql': '-- migrate:up\n-- migrate:down\n' }, 'holds a part for going back'],
    ['migrations in code', { '1_a.sql': '', '2_b.ts': '' }, '2_b.ts is code'],
    ['numbers that are no order of names', { '10_a.sql': '', '9_b.sql': '' }, '10_a.sql stands before 9_b.sql'],
    ['no migration', { 'cat.txt': '' }, 'holds no migration: it holds cat.txt'],
  ])('refuses a folder with %s', async (_, files, message) => {
    for (const [name, content] of Object.entries(files)) {
      await write(name, content as string)
    }
    await expect(readMigrations(folder)).rejects.toMatchObject({ message: expect.stringContaining(message) })
  })

  it('asks for the folder where one migration of Prisma’s is named', async () => {
    await write('1_a/migration.sql', '')
    const found = readMigrations(path.join(folder, '1_a/migration.sql'))
    await expect(found).rejects.toThrow('is one migration of a Prisma folder')
  })
})

describe('findMigrationsFolder', () => {
  const configs: [string, string][] = [
    [`export default defineConfig({ migrations: { seed: 'tsx seed.ts', path: "db/migrations" } })`, 'db/migrations'],
    [
      `// migrations: { path: 'no' }\nexport default { "migrations": { path: path.join(__dirname, 'db', 'm') } }`,
      'db/m',
    ],
    [`export default { datasource: { url: 'postgres://h' }, schema: './db/schema.prisma' }`, 'db/migrations'],
    [`export default { schema: 'db' }`, 'db/migrations'],
    [`export default {}`, 'prisma/migrations'],
  ]
  it.each(configs)('reads prisma.config.ts: %s', async (config, expected) => {
    await write('prisma.config.ts', config)
    expect(await findMigrationsFolder(folder)).toBe(path.join(folder, expected))
  })

  it('asks for the folder where only code could tell', async () => {
    await write('prisma.config.ts', `export default { migrations: { path: process.env.DIR } }`)
    const found = findMigrationsFolder(folder)
    await expect(found).rejects.toMatchObject({ definition: problems.folderNotFound })
  })

  it('falls back to package.json, a schema beside it, and prisma/migrations', async () => {
    expect(await findMigrationsFolder(folder)).toBe(path.join(folder, 'prisma/migrations'))
    await write('schema.prisma', '')
    expect(await findMigrationsFolder(folder)).toBe(path.join(folder, 'migrations'))
    await write('package.json', JSON.stringify({ prisma: { schema: 'src/db/schema.prisma' } }))
    expect(await findMigrationsFolder(folder)).toBe(path.join(folder, 'src/db/migrations'))
  })

  it('finds the schema in the same places, whatever the path of the migrations is', async () => {
    expect(await findSchemaFile(folder)).toBe(path.join(folder, 'prisma/schema.prisma'))
    await write('package.json', JSON.stringify({ prisma: { schema: 'src/db/schema.prisma' } }))
    expect(await findSchemaFile(folder)).toBe(path.join(folder, 'src/db/schema.prisma'))
    await write('prisma.config.ts', `export default { migrations: { path: process.env.DIR }, schema: 'db' }`)
    expect(await findSchemaFile(folder)).toBe(path.join(folder, 'db'))
  })
})
