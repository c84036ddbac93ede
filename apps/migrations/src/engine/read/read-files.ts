import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { Problem, problems } from '../problem.ts'
import type { Listing } from './reader.ts'

// The parser's memory is 32 bits wide, and a file of this size dies in it and takes the process's parser with it.
const fileBytesMax = 20 * 1024 * 1024

/** The text of a file and what tells it from an edited one. */
export interface SqlFile {
  sql: string
  /** SHA-256 of its bytes in hex. */
  checksum: string
}

/** Returns what the folder holds; throws a Problem where it cannot be listed. */
export async function listFolder(folder: string): Promise<Listing> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true })
    const own = entries.filter((entry) => path.resolve(entry.parentPath) === path.resolve(folder))
    return {
      folder,
      // A symbolic link is passed over, as Prisma does.
      folders: own.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
      files: own.filter((entry) => entry.isFile()).map((entry) => entry.name),
      all: entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')),
    }
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT') {
      throw new Problem(problems.folderNotFound, `the migrations folder ${folder} does not exist`, {}, error)
    }
    const reason = code === 'ENOTDIR' ? 'is a file and not a folder' : `cannot be read (${code})`
    throw new Problem(problems.folderNotMigrations, `${folder} ${reason}`, {}, error)
  }
}

/** Returns the file's text and checksum; throws a Problem that names the migration where it cannot be read. */
export function readSqlFile(file: string, migrationId: string): SqlFile {
  // Reading 820 files so takes 10 ms; one by one through the thread pool it takes 200.
  const bytes = readBytes(file)
  try {
    // A byte order mark belongs to the text, as in Prisma's checksum; the parser leaves it out.
    const sql = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { sql, checksum: createHash('sha256').update(bytes).digest('hex') }
  } catch (error) {
    throw new Problem(problems.folderNotMigrations, `${file} is not UTF-8`, { migrationId }, error)
  }
}

/** Sorts names as words and not as bytes; the locale is fixed so that a plan made on one machine is the same on another. */
export function compareNames(one: string, other: string): number {
  return one.localeCompare(other, 'en')
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
