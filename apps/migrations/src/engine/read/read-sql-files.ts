/**
 * Reads SQL files that no tool has laid out: those of a folder in the order of their names, as Kysely's migrator takes
 * them, or one alone.
 */
import path from 'node:path'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { compareNames, readSqlFile } from './read-files.ts'
import type { MigrationSource, Reader } from './reader.ts'

/** Files that hold the way there and the way back, or that another tool reads in its own way. */
const markers: [RegExp, string][] = [
  [/^\s*--\s*(?:migrate:down|\+goose\s+Down|\+migrate\s+Down|rambler\s+down)\b/im, 'a part for going back'],
  [/^\s*--\s*\/\/\s*@UNDO\b/im, 'a part for going back'],
  [/^\s*--\s*liquibase\s+formatted\s+sql/im, 'change sets of Liquibase'],
]

/** Reads a folder of SQL files. */
export const sqlFilesReader: Reader = {
  tool: 'plain SQL files',

  recognise({ files }) {
    return files.find((file) => file.endsWith('.sql'))
  },

  async read({ folder, files }) {
    const ids = files.filter((file) => file.endsWith('.sql')).sort(compareNames)
    refuseCode(folder, files)
    refuseUnpadded(folder, ids)
    return toSource(ids.map((id) => readMigration(folder, id)))
  },
}

/** Returns the one migration that a file is. */
export function readSingleFile(file: string): MigrationSource {
  const id = path.basename(file)
  if (id === 'migration.sql') {
    const folder = path.dirname(path.dirname(file))
    throw new Problem(problems.folderNotMigrations, `${file} is one migration of a Prisma folder`, {
      hint: `give that folder: --migrations ${folder}`,
    })
  }
  return toSource([readMigration(path.dirname(file), id)])
}

function toSource(migrations: Migration[]): MigrationSource {
  return { format: 'sql', migrations, warnings: [], checkPending() {} }
}

function readMigration(folder: string, id: string): Migration {
  const file = path.join(folder, id)
  const { sql, checksum } = readSqlFile(file, id)
  const hint = 'keep only what goes forward: freehold migrate undo takes a migration back by itself'
  if (/[._]down\.sql$/i.test(id)) {
    throw new Problem(problems.folderNotMigrations, `${file} is for going back`, { migrationId: id, hint })
  }
  const marker = markers.find(([pattern]) => pattern.test(sql))
  if (marker !== undefined) {
    throw new Problem(problems.folderNotMigrations, `${file} holds ${marker[1]}`, { migrationId: id, hint })
  }
  return { id, checksum, sql, entry: { table: 'freehold' } }
}

/** Refuses migrations in code beside the files: what they do is in the order too. */
function refuseCode(folder: string, files: string[]): void {
  const code = files.find((file) => /^\d.*\.[cm]?[jt]s$/.test(file) && !/\.d\.[cm]?ts$/.test(file))
  if (code !== undefined) {
    throw new Problem(problems.folderNotMigrations, `${path.join(folder, code)} is code, which Freehold does not run`, {
      hint: 'write it as an SQL file, or keep it elsewhere',
    })
  }
}

/** Refuses numbers whose order as words, in which they would run, is not their order as numbers. */
function refuseUnpadded(folder: string, ids: string[]): void {
  const numbers = ids.map((id) => /^\d+/.exec(id)?.[0])
  for (const [index, number] of numbers.entries()) {
    const next = numbers[index + 1]
    if (number !== undefined && next !== undefined && BigInt(number) > BigInt(next)) {
      const message = `${folder}: ${ids[index]} stands before ${ids[index + 1]} by its name and behind it by its number`
      throw new Problem(problems.folderNotMigrations, message, {
        hint: 'write all numbers with the same number of digits',
      })
    }
  }
}
