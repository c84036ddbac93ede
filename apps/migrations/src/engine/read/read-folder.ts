/**
 * Reads a Prisma migrations folder: one sub-folder a migration, each with a migration.sql. What it returns is what
 * `prisma migrate deploy` would see, in its order and with its checksums.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'

// The parser's memory is 32 bits wide, and a file of this size dies in it and takes the process's parser with it.
const fileBytesMax = 20 * 1024 * 1024

/** Returns the folder's migrations in the order of their names. Throws a Problem for a folder that holds none. */
export async function readMigrationsFolder(folder: string): Promise<Migration[]> {
  const entries = await listFolder(folder)
  const isLocked = await checkProvider(folder)
  // As Prisma does: real folders only, so a symbolic link is passed over, sorted as words and not as bytes. The locale
  // is fixed so that a plan made on one machine is the same on another.
  const ids = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort((one, other) => one.localeCompare(other, 'en'))
  if (ids.length === 0 && !isLocked) {
    throw new Problem(problems.folderNotMigrations, `${folder} holds no migration`)
  }
  return ids.map((id) => readMigration(folder, id))
}

async function listFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT') {
      throw new Problem(problems.folderNotFound, `the migrations folder ${folder} does not exist`, {}, error)
    }
    const reason = code === 'ENOTDIR' ? 'is a file and not a folder' : `cannot be read (${code})`
    throw new Problem(problems.folderNotMigrations, `${folder} ${reason}`, {}, error)
  }
}

/** Tells whether a lock file is there; one for another database is refused. */
async function checkProvider(folder: string): Promise<boolean> {
  const file = path.join(folder, 'migration_lock.toml')
  const text = await readFile(file, 'utf8').catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') {
      return undefined
    }
    throw new Problem(problems.folderNotMigrations, `${file} cannot be read (${error.code})`, {}, error)
  })
  const provider = /^\s*provider\s*=\s*["']([^"']*)["']/m.exec(text ?? '')?.[1]
  if (provider !== undefined && provider !== 'postgresql' && provider !== 'postgres') {
    throw new Problem(problems.providerNotPostgres, `${file} says that these migrations are for ${provider}`)
  }
  return text !== undefined
}

// Reading 820 files so takes 10 ms; one by one through the thread pool it takes 200.
function readMigration(folder: string, id: string): Migration {
  const file = path.join(folder, id, 'migration.sql')
  const bytes = readBytes(file)
  const refuse = (reason: string): never => {
    throw new Problem(problems.folderNotMigrations, `${file} ${reason}`, { migrationId: id })
  }
  if ([...id].length > 255) {
    refuse('has a name of more than 255 characters, which _prisma_migrations cannot hold')
  }
  let sql: string
  try {
    // A byte order mark belongs to the text, as in Prisma's checksum; the parser leaves it out.
    sql = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse('is not UTF-8')
  }
  return { id, checksum: createHash('sha256').update(bytes).digest('hex'), sql }
}

function readBytes(file: string): Buffer {
  try {
    const { size } = statSync(file)
    if (size > fileBytesMax) {
      const message = `${file} has ${size} bytes; a migration may have ${fileBytesMax}`
      throw new Problem(problems.folderNotMigrations, message, { hint: 'split it, or load its rows from another file' })
    }
    return readFileSync(file)
  } catch (error) {
    if (error instanceof Problem) {
      throw error
    }
    const { code } = error as { code?: string }
    const reason = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`
    const hint = 'restore the file, or remove its folder'
    throw new Problem(problems.folderNotMigrations, `${file} ${reason}`, { hint }, error)
  }
}
