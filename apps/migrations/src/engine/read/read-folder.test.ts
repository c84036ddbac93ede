import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { problems } from '../problem.ts'
import { findMigrationsFolder } from './find-folder.ts'
import { readMigrationsFolder } from './read-folder.ts'

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
})
