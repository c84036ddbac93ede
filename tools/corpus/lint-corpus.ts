import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { type LintOutcome, lint } from '@freehold/migrations/engine'
import { listHistories, readHistory } from './corpus.ts'

/** Writes each history out as a folder of migrations; returns the folders below `target`. */
export function writeHistories(corpus: string, target: string): string[] {
  return listHistories(corpus).map((name) => {
    const { migrations, migrationLock } = readHistory(corpus, name)
    const folder = path.join(target, name)
    mkdirSync(folder)
    writeFileSync(path.join(folder, 'migration_lock.toml'), migrationLock)
    for (const { id, sql } of migrations) {
      mkdirSync(path.join(folder, id))
      writeFileSync(path.join(folder, id, 'migration.sql'), sql)
    }
    return folder
  })
}

/** Lints all histories, as `freehold migrate lint` does their folders. */
export async function lintCorpus(corpus: string): Promise<{ seconds: number; outcome: LintOutcome }> {
  const target = mkdtempSync(path.join(tmpdir(), 'freehold-lint-'))
  try {
    const paths = writeHistories(corpus, target)
    const startedAt = performance.now()
    const outcome = await lint({ paths, schema: 'public', base: target })
    return { seconds: (performance.now() - startedAt) / 1000, outcome }
  } finally {
    rmSync(target, { recursive: true })
  }
}
