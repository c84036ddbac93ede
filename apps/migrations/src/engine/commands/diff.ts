/**
 * `freehold migrate diff`: the next migration of a Prisma folder, from a schema file that has changed. The folder's
 * migrations are replayed in a scratch database, and Prisma's own engine says what is missing to the schema. What may be
 * a rename is renamed there first where somebody says so, so that the engine sees no loss in it.
 */
import { quoteIdentifier, quoteQualified } from '@freehold/postgres'
import { findRenames, nameRename, type Rename, renameSql } from '../diff/find-renames.ts'
import { readSchemaFiles } from '../diff/read-schema-files.ts'
import type { SchemaFile } from '../diff/schema-engine.ts'
import {
  openScratch,
  readTables,
  replayMigrations,
  runStatements,
  type ScratchDatabase,
} from '../diff/scratch-database.ts'
import { nameMigration, writeMigration } from '../diff/write-migration.ts'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { readMigrations } from '../read/read-migrations.ts'
import { openHost } from '../rehearse/shadow.ts'

export interface DiffTarget {
  migrationsFolder: string
  /** A Prisma schema: a file, or a folder of them. */
  schemaFile: string
  /** The schema that names without one stand in. */
  schema: string
}

export interface DiffOptions {
  /** Becomes part of the name of the migration's folder. */
  name: string
  /** Begins the name of the migration's folder. */
  now: Date
  /** Renames that are known, as `nameRename` writes them. */
  renames: string[]
  /** Says whether what may be renamed is; undefined where nobody knows. */
  isRenamed(rename: Rename): Promise<boolean | undefined>
}

export interface DiffOutcome {
  outcome: 'written' | 'noDifference'
  migrationId: string | null
  file: string | null
  sql: string
  /** As `--rename` takes them. */
  renames: string[]
  /** What the migration drops and adds and may be a rename, which nobody has said. */
  unanswered: string[]
}

/** The newest version of PostgreSQL that there is an embedded server of. */
const serverMajor = 18
// Each round but the last renames something.
const roundsMax = 500

/** Writes the migration that makes the folder's schema the one of the schema file. */
export async function diff(target: DiffTarget, options: DiffOptions): Promise<DiffOutcome> {
  const files = await readSchemaFiles(target.schemaFile)
  const migrations = await readPrismaMigrations(target.migrationsFolder)
  const { sql, renames, unanswered } = await withScratch(
    target,
    migrations,
    async (scratch) => await compare(scratch, { files, schema: target.schema }, options),
  )
  const outcome = { sql, renames: renames.map(nameRename), unanswered: unanswered.map(nameRename) }
  if (sql === '') {
    return { outcome: 'noDifference', migrationId: null, file: null, ...outcome }
  }
  const migrationId = nameMigration(migrations, options.name, options.now)
  const file = await writeMigration(target.migrationsFolder, migrationId, sql)
  return { outcome: 'written', migrationId, file, ...outcome }
}

/** A folder that is not there yet has no migrations. */
async function readPrismaMigrations(folder: string): Promise<Migration[]> {
  const source = await readMigrations(folder).catch((error: unknown) => {
    if (error instanceof Problem && error.definition === problems.folderNotFound) {
      return undefined
    }
    throw error
  })
  if (source !== undefined && source.format !== 'prisma') {
    throw new Problem(
      problems.folderNotMigrations,
      `${folder} is no Prisma folder, and a Prisma schema is compared with no other`,
    )
  }
  return source?.migrations ?? []
}

async function withScratch<T>(
  { schema }: DiffTarget,
  migrations: Migration[],
  work: (scratch: ScratchDatabase) => Promise<T>,
): Promise<T> {
  const host = await openHost({ serverMajor, liveUrl: '' })
  try {
    const scratch = await openScratch(host, schema)
    try {
      await scratch.withSession(async (client) => await replayMigrations(client, migrations, schema))
      return await work(scratch)
    } finally {
      await scratch.close()
    }
  } finally {
    await host.close()
  }
}

interface Comparison {
  sql: string
  renames: Rename[]
  unanswered: Rename[]
}

/** Asks until nothing may be renamed any more that has no answer; each rename may make others visible. */
async function compare(
  scratch: ScratchDatabase,
  { files, schema }: { files: SchemaFile[]; schema: string },
  options: DiffOptions,
): Promise<Comparison> {
  // The engine weighs five megabytes, which no other command needs.
  const { diffSchema } = await import('../diff/schema-engine.ts')
  const given = new Set(options.renames)
  const answers = new Map<string, boolean | undefined>()
  const renames: Rename[] = []
  for (let round = 0; round < roundsMax; round++) {
    const rest = await diffSchema(scratch.url, schema, files)
    const candidates = rest === '' ? [] : await findCandidates(scratch, rest)
    const rename = await chooseRename(candidates, { given, answers, options })
    if (rename === undefined) {
      refuseUnused(given)
      const unanswered = candidates.filter((one) => answers.get(nameRename(one)) === undefined)
      return { sql: toScript(renames, unanswered, rest, schema), renames, unanswered }
    }
    renames.push(rename)
    await scratch.withSession(async (client) => await client.query(sqlOf(rename, schema)))
  }
  throw new Error(`the schema still differs after ${roundsMax} renames`)
}

/** Looks what the SQL takes away and what it brings, in a copy. */
async function findCandidates(scratch: ScratchDatabase, sql: string): Promise<Rename[]> {
  return await scratch.withCopy(async (client) => {
    const before = await readTables(client)
    await runStatements(client, sql)
    return findRenames(before, await readTables(client))
  })
}

/** Returns the first candidate that is a rename; keeps what was answered, so that nothing is asked twice. */
async function chooseRename(
  candidates: Rename[],
  { given, answers, options }: { given: Set<string>; answers: Map<string, boolean | undefined>; options: DiffOptions },
): Promise<Rename | undefined> {
  const known = candidates.find((candidate) => given.delete(nameRename(candidate)))
  if (known !== undefined) {
    return known
  }
  for (const candidate of candidates) {
    const name = nameRename(candidate)
    if (!answers.has(name)) {
      answers.set(name, await options.isRenamed(candidate))
    }
    if (answers.get(name) === true) {
      return candidate
    }
  }
  return undefined
}

function refuseUnused(given: Set<string>): void {
  const [first] = given
  if (first !== undefined) {
    throw new Problem(
      problems.renameUnknown,
      `${first} is no rename: no such table or column is gone from the schema file, or no other of its type is new`,
    )
  }
}

function toScript(renames: Rename[], unanswered: Rename[], rest: string, schema: string): string {
  const renamed = renames.map(
    (rename) => `-- Rename${rename.kind === 'table' ? 'Table' : 'Column'}\n${sqlOf(rename, schema)}\n`,
  )
  const questions = unanswered.map(
    (rename) =>
      `-- Is ${nameRename(rename).replace(':', ' now called ')}? Then make this migration again with --rename ${nameRename(rename)},\n` +
      `-- or put this in place of what drops the one and adds the other:\n--   ${sqlOf(rename, schema)}\n`,
  )
  return [...questions, ...renamed, ...(rest === '' ? [] : [rest])].join('\n')
}

/** Names are qualified where Prisma would: where they are not in the schema that is meant without. */
function sqlOf(rename: Rename, schema: string): string {
  const quote = (of: string, table: string): string =>
    of === schema ? quoteIdentifier(table) : quoteQualified(of, table)
  return renameSql(rename, quote, quoteIdentifier)
}
