import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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
