/** `freehold migrate lint`: finds the files that are named, and lints them. */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileOf, type Migration } from '../parse/statement.ts'
import { Problem, problems } from '../problem.ts'
import { readMigrations } from '../read/read-migrations.ts'
import { type LintedFile, lintMigrations } from './lint-migrations.ts'
import type { LintOutcome } from './lint-outcome.ts'

export interface LintTarget {
  /** Folders of migrations, single migrations, and files of SQL. */
  paths: string[]
  /** The schema that names without one stand in. */
  schema: string
  /** The folder that findings name files from. */
  base: string
}

/** Returns what the rules find. A migration that is named alone is judged by what the earlier ones of its folder made. */
export async function lint(target: LintTarget): Promise<LintOutcome> {
  const wanted = await Promise.all(target.paths.map(locate))
  const folders = new Map<string, Set<string> | 'all'>()
  const files: string[] = []
  for (const place of wanted) {
    if (place.kind === 'file') {
      files.push(place.file)
      continue
    }
    const before = folders.get(place.folder)
    const all = place.id === undefined || before === 'all'
    folders.set(place.folder, all ? 'all' : new Set([...(before ?? []), place.id as string]))
  }
  const outcomes: LintOutcome[] = []
  for (const [folder, ids] of folders) {
    const { migrations } = await readMigrations(folder)
    const linted = migrations.map((migration) => toLinted(migration, folder, ids, target.base))
    const last = linted.findLastIndex(({ isReported }) => isReported)
    outcomes.push(await lintMigrations(linted.slice(0, last + 1), target.schema))
  }
  for (const file of new Set(files)) {
    const migration = { id: path.basename(file, '.sql'), checksum: '', sql: await readSql(file) }
    const linted = { migration, file: shown(file, target.base), isReported: true }
    outcomes.push(await lintMigrations([linted], target.schema))
  }
  return outcomes.reduce(add)
}

type Located = { kind: 'folder'; folder: string; id: string | undefined } | { kind: 'file'; file: string }

async function locate(named: string): Promise<Located> {
  const place = path.resolve(named)
  const found = await stat(place).catch(() => undefined)
  if (found === undefined) {
    throw new Problem(problems.folderNotFound, `${named} does not exist`)
  }
  if (found.isFile()) {
    return path.basename(place) === 'migration.sql'
      ? { kind: 'folder', folder: path.dirname(path.dirname(place)), id: path.basename(path.dirname(place)) }
      : await locateFile(place)
  }
  const isMigration = await stat(path.join(place, 'migration.sql')).then(
    (file) => file.isFile(),
    () => false,
  )
  return isMigration
    ? { kind: 'folder', folder: path.dirname(place), id: path.basename(place) }
    : { kind: 'folder', folder: place, id: undefined }
}

/** A file that Flyway or Drizzle would run is one migration of its folder; any other stands alone. */
async function locateFile(file: string): Promise<Located> {
  const folder = path.dirname(file)
  const source = await readMigrations(folder).catch(() => undefined)
  const migration = source?.migrations.find(({ id }) => path.join(folder, fileOf(id)) === file)
  return migration?.entry === undefined || migration.entry.table === 'freehold'
    ? { kind: 'file', file }
    : { kind: 'folder', folder, id: migration.id }
}

async function readSql(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file))
  } catch (error) {
    throw new Problem(problems.folderNotMigrations, `${file} cannot be read as UTF-8 text`, {}, error)
  }
}

function toLinted(migration: Migration, folder: string, ids: Set<string> | 'all', base: string): LintedFile {
  return {
    migration,
    file: shown(path.join(folder, fileOf(migration.id)), base),
    isReported: ids === 'all' || ids.has(migration.id),
  }
}

/** With forward slashes on every system, for that is how reports name files. */
function shown(file: string, base: string): string {
  const relative = path.relative(base, file)
  return (relative.startsWith('..') ? file : relative).split(path.sep).join('/')
}

function add(one: LintOutcome, other: LintOutcome): LintOutcome {
  return {
    migrations: one.migrations + other.migrations,
    counts: {
      error: one.counts.error + other.counts.error,
      warning: one.counts.warning + other.counts.warning,
      note: one.counts.note + other.counts.note,
    },
    findings: [...one.findings, ...other.findings],
    suppressed: [...one.suppressed, ...other.suppressed],
  }
}
