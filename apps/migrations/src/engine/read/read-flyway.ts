/**
 * Reads a folder of Flyway's SQL migrations: versioned ones in the order of their versions, then repeatable ones in the
 * order of their descriptions, wherever below the folder they lie.
 */
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { compareFlywayVersions, toFlywayVersion } from './flyway-version.ts'
import { readSqlFile } from './read-files.ts'
import type { Reader } from './reader.ts'

/** Prefix, version and description of a file that Flyway would read. */
const fileName = /^(?:([VUB])(\d+(?:[._]\d+)*)|(R))__(.*)\.sql$/
// Callbacks run around migrations; what they do is part of what Flyway does.
const callback =
  /^(?:before|after)(?:Each)?(?:Migrate|Versioned|Repeatables|Undo|Clean|Connect|Validate|Baseline|Repair|Info)\w*(?:__.*)?\.sql$/
// What the columns of flyway_schema_history hold.
const lengthsMax = { version: 50, description: 200, script: 1000 }

interface FlywayFile {
  file: string
  prefix: string
  /** Null for a repeatable one. */
  version: string | null
  description: string
}

/** Reads what is written for Flyway. */
export const flywayReader: Reader = {
  tool: 'Flyway',

  recognise({ all }) {
    return all.find((file) => parseName(file) !== undefined)
  },

  async read({ folder, all }) {
    const named = all.filter((file) => file.endsWith('.sql'))
    const files = named.flatMap((file) => parseName(file) ?? [])
    const strangers = named.filter((file) => parseName(file) === undefined)
    refuseStrangers(folder, files[0], strangers)
    refuseBaselines(folder, files)
    const versioned = files.filter(({ prefix }) => prefix === 'V').sort(byVersion)
    refuseTwins(folder, versioned)
    const repeatable = files
      .filter(({ prefix }) => prefix === 'R')
      .sort((one, other) => (one.description < other.description ? -1 : 1))
    const undo = files.filter(({ prefix }) => prefix === 'U').map(({ file }) => file)
    return {
      format: 'flyway',
      migrations: [...versioned, ...repeatable].map((file) => readMigration(folder, file)),
      warnings: undo.map((file) => `${file} is passed over: freehold migrate undo takes a migration back by itself`),
      checkPending: refusePlaceholders,
    }
  },
}

function parseName(file: string): FlywayFile | undefined {
  const found = fileName.exec(path.posix.basename(file))
  if (found === null) {
    return undefined
  }
  const [, prefix = 'R', version, , description = ''] = found
  return {
    file,
    prefix,
    version: version === undefined ? null : toFlywayVersion(version),
    description: description.replaceAll('_', ' '),
  }
}

function byVersion(one: FlywayFile, other: FlywayFile): number {
  return compareFlywayVersions(one.version ?? '0', other.version ?? '0')
}

function refuseStrangers(folder: string, known: FlywayFile | undefined, strangers: string[]): void {
  const [first] = strangers
  if (first === undefined) {
    return
  }
  const what = callback.test(path.posix.basename(first))
    ? `is a callback, which Flyway alone can run`
    : `is not named as Flyway names a migration, as ${known?.file} is`
  throw new Problem(problems.folderNotMigrations, `${path.join(folder, first)} ${what}`, {
    hint: 'name it V<version>__<description>.sql or R__<description>.sql, or keep it elsewhere',
  })
}

function refuseBaselines(folder: string, files: FlywayFile[]): void {
  const baseline = files.find(({ prefix }) => prefix === 'B')
  if (baseline !== undefined) {
    throw new Problem(
      problems.folderNotMigrations,
      `${path.join(folder, baseline.file)} is a baseline migration, which stands for others in an empty database: Freehold runs those`,
      { hint: 'keep it elsewhere' },
    )
  }
}

function refuseTwins(folder: string, versioned: FlywayFile[]): void {
  for (const [index, one] of versioned.entries()) {
    const other = versioned[index + 1]
    if (other !== undefined && byVersion(one, other) === 0) {
      const message = `${folder} holds two migrations of the version ${one.version}: ${one.file} and ${other.file}`
      throw new Problem(problems.folderNotMigrations, message, { hint: 'give one of them another version' })
    }
  }
}

function readMigration(folder: string, { file, version, description }: FlywayFile): Migration {
  const where = path.join(folder, file)
  const { sql, checksum } = readSqlFile(where, file)
  for (const [name, value] of Object.entries({ version: version ?? '', description, script: file })) {
    if ([...value].length > lengthsMax[name as keyof typeof lengthsMax]) {
      const reason = `has a ${name} that is too long for the table flyway_schema_history`
      throw new Problem(problems.folderNotMigrations, `${where} ${reason}`, { migrationId: file })
    }
  }
  return { id: file, checksum, sql, entry: { table: 'flyway', version, description, checksum: checksumOf(sql) } }
}

/** Flyway's checksum: of the lines without what ends them and without a byte order mark, as a signed integer. */
function checksumOf(sql: string): number {
  return crc32(sql.replace(/^\uFEFF/, '').replaceAll(/[\r\n]/g, '')) | 0
}

function refusePlaceholders(pending: Migration[]): void {
  for (const { id, sql } of pending) {
    const found = /\$\{[^}]*\}/.exec(sql)
    if (found !== null) {
      const line = sql.slice(0, found.index).split('\n').length
      throw new Problem(
        problems.folderNotMigrations,
        `${id} holds the placeholder ${found[0]}, which Flyway alone can fill in`,
        { migrationId: id, line, hint: 'write what it stands for' },
      )
    }
  }
}
