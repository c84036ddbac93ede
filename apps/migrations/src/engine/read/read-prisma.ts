/**
 * Reads a Prisma migrations folder: one sub-folder a migration, each with a migration.sql. What it returns is what
 * `prisma migrate deploy` would see, in its order and with its checksums.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { compareNames, readSqlFile } from './read-files.ts'
import type { Reader } from './reader.ts'

/** The file by which Prisma tells which database its migrations are for. */
export const lockFile = 'migration_lock.toml'
// What the column of `_prisma_migrations` holds.
const nameLengthMax = 255

/** Reads what Prisma 7 and the versions before it write. */
export const prismaReader: Reader = {
  tool: 'Prisma',

  recognise({ files, all }) {
    if (files.includes(lockFile)) {
      return lockFile
    }
    return all.find((file) => /^[^/]+\/migration\.sql$/.test(file))
  },

  async read({ folder, folders }) {
    await checkProvider(folder)
    return {
      format: 'prisma',
      migrations: folders.sort(compareNames).map((id) => readMigration(folder, id)),
      warnings: [],
      checkPending() {},
    }
  },
}

/** Refuses a lock file for another database. */
async function checkProvider(folder: string): Promise<void> {
  const file = path.join(folder, lockFile)
  const text = await readFile(file, 'utf8').catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') {
      return ''
    }
    throw new Problem(problems.folderNotMigrations, `${file} cannot be read (${error.code})`, {}, error)
  })
  const provider = /^\s*provider\s*=\s*["']([^"']*)["']/m.exec(text)?.[1]
  if (provider !== undefined && provider !== 'postgresql' && provider !== 'postgres') {
    throw new Problem(problems.providerNotPostgres, `${file} says that these migrations are for ${provider}`)
  }
}

function readMigration(folder: string, id: string): Migration {
  const file = path.join(folder, id, 'migration.sql')
  const { sql, checksum } = readSqlFile(file, id)
  if ([...id].length > nameLengthMax) {
    const reason = `has a name of more than ${nameLengthMax} characters, which _prisma_migrations cannot hold`
    throw new Problem(problems.folderNotMigrations, `${file} ${reason}`, { migrationId: id })
  }
  return { id, checksum, sql }
}
