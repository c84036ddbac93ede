// `freehold migrate lint` of thirteen products' whole histories without a database: the whole process, five runs.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { LintOutcome } from '@freehold/migrations/engine'
import { findCorpus } from '../tools/corpus/corpus.ts'
import { writeHistories } from '../tools/corpus/lint-corpus.ts'
import { buildPrograms, median, programs, round, writeResults } from './measure.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } })
const corpus = findCorpus()
if (corpus === undefined) {
  process.stderr.write('The corpus is not there: set FREEHOLD_CORPUS to its folder.\n')
  process.exit(1)
}

await buildPrograms(['freehold'])
const folder = mkdtempSync(path.join(tmpdir(), 'freehold-lint-'))
try {
  const histories = writeHistories(corpus, folder)
  const runs = Array.from({ length: Number(values.runs) }, () => lintOnce(histories))
  const { migrations, counts, findings } = (runs[0] as Run).outcome
  const byRule = Map.groupBy(findings, ({ rule }) => rule)
  const seconds = runs.map((run) => round(run.seconds, 3))
  process.stdout.write(`${migrations} migrations: ${median(seconds)} s, median of ${seconds.join(', ')}\n`)
  await writeResults('lint', {
    histories: histories.length,
    migrations,
    medianSeconds: median(seconds),
    seconds,
    counts,
    rules: Object.fromEntries([...byRule].map(([rule, found]) => [rule, found.length] as const).sort()),
  })
} finally {
  rmSync(folder, { recursive: true })
}

interface Run {
  seconds: number
  outcome: LintOutcome
}

function lintOnce(histories: string[]): Run {
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [programs.freehold, 'migrate', 'lint', '--json', ...histories],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  const seconds = (performance.now() - startedAt) / 1000
  // 1 says that statements are among them which Freehold refuses.
  if (status !== 1) {
    throw new Error(`lint ended with ${status}:\n${stderr}`)
  }
  return { seconds, outcome: JSON.parse(stdout) as LintOutcome }
}
