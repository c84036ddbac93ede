import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface CorpusMigration {
  id: string
  sql: string
}

export interface History {
  name: string
  migrationLock: string
  migrations: CorpusMigration[]
}

/** Returns the folder of the corpus: FREEHOLD_CORPUS, else ../shared/corpus beside the project; undefined if neither is there. */
export function findCorpus(): string | undefined {
  const root = path.resolve(import.meta.dirname, '../..')
  const folders = [process.env['FREEHOLD_CORPUS'], path.join(root, '../shared/corpus')]
  return folders.find((folder) => folder !== undefined && folder !== '' && existsSync(folder))
}

/** Returns the histories' names in a fixed order. */
export function listHistories(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => file.slice(0, -'.jsonl'.length))
    .sort()
}

/** Reads one history: a line of facts about the product, then a line a migration. */
export function readHistory(folder: string, name: string): History {
  const [head, ...rest] = readFileSync(path.join(folder, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  const facts = JSON.parse(head ?? '{}') as { migrationLock?: string }
  return {
    name,
    migrationLock: facts.migrationLock ?? 'provider = "postgresql"\n',
    migrations: rest.map((line) => JSON.parse(line) as CorpusMigration),
  }
}
