import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ServiceName, services } from './composed-platform.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** The migration that the next version of each service brings. */
export const nextMigration = '99990101000000_add_note'

const tables: Record<ServiceName, string> = { catalog: 'services', migrations: 'databases' }

/** Returns a folder with this repository's sources, in which each service has one more migration; the caller removes it. */
export function makeNextVersion(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'freehold-next-'))
  const git = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const names = execFileSync('git', git, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).split('\0')
  for (const name of names.filter((each) => each !== '' && existsSync(path.join(root, each)))) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    cpSync(path.join(root, name), path.join(folder, name))
  }
  for (const service of services) {
    const migration = path.join(folder, 'migrations', service, 'migrations', nextMigration)
    mkdirSync(migration, { recursive: true })
    const [table, index] = [`"${service}"."${tables[service]}"`, `"${tables[service]}_note_idx"`]
    const sql = `ALTER TABLE ${table} ADD COLUMN "note" TEXT;\nCREATE INDEX ${index} ON ${table}("note");\n`
    writeFileSync(path.join(migration, 'migration.sql'), sql)
  }
  return folder
}
