import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { MigrationFile } from '@freehold/contracts-migrations'

/** Lays the migrations out as a Prisma folder that only this account can read, for as long as the work takes. */
export async function withMigrationsFolder<T>(
  scratchFolder: string,
  files: MigrationFile[],
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(scratchFolder, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(path.join(scratchFolder, 'set-'))
  try {
    await writeFile(path.join(folder, 'migration_lock.toml'), 'provider = "postgresql"\n')
    for (const { id, sql } of files) {
      await mkdir(path.join(folder, id))
      await writeFile(path.join(folder, id, 'migration.sql'), sql)
    }
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// The engine reads a folder within seconds of its making.
const staleAfterMs = 24 * 3_600_000

/** Removes what workers left behind that were killed. */
export async function removeStaleFolders(scratchFolder: string, now = Date.now()): Promise<void> {
  const names = await readdir(scratchFolder).catch(() => [])
  for (const name of names.filter((each) => each.startsWith('set-'))) {
    const folder = path.join(scratchFolder, name)
    // Another instance may be as quick.
    const found = await stat(folder).catch(() => undefined)
    if (found !== undefined && now - found.mtimeMs > staleAfterMs) {
      await rm(folder, { recursive: true, force: true })
    }
  }
}
