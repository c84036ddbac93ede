import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { removeStaleFolders, withMigrationsFolder } from './migrations-folder.ts'

it('lays a set out as Prisma would have it, for as long as the work takes, and removes what was left a day ago', async () => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'freehold-sets-'))
  const files = [{ id: '1_a', sql: '\uFEFFSELECT 1', checksum: '' }]
  const read = await withMigrationsFolder(scratch, files, async (folder) => [
    (await readdir(folder)).sort(),
    await readFile(path.join(folder, '1_a/migration.sql'), 'utf8'),
  ])
  expect(read).toEqual([['1_a', 'migration_lock.toml'], '\uFEFFSELECT 1'])
  expect(await readdir(scratch)).toEqual([])
  await mkdir(path.join(scratch, 'set-left'))
  await removeStaleFolders(scratch)
  expect(await readdir(scratch)).toEqual(['set-left'])
  await removeStaleFolders(scratch, Date.now() + 2 * 24 * 3_600_000)
  expect(await readdir(scratch)).toEqual([])
  await rm(scratch, { recursive: true })
})
