/**
 * `npm run corpus [-- --only NAME] [--sample N] [--seed N] [--workers N] [--writers] [--out FILE]`: every migration of
 * every history, one at a time, on a database whose tables hold rows: plainly and by Freehold, compared.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findCorpus, listHistories, readHistory } from './corpus.ts'
import { printSums } from './print-sums.ts'
import type { MigrationResult } from './result.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    id: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    /** An application writes rows of its own to the tables that a migration touches, while it runs by Freehold. */
    writers: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})

const folder = findCorpus()
if (folder === undefined) {
  process.stderr.write('The corpus is not there: set FREEHOLD_CORPUS to its folder.\n')
  process.exit(1)
}
const startedAt = Date.now()
const jobs = listHistories(folder)
  .filter((name) => values.only === undefined || values.only.some((wanted) => name.includes(wanted)))
  .map((name) => ({ name, migrations: readHistory(folder, name).migrations.length }))
  // The longest first, so that the workers end together.
  .sort((a, b) => b.migrations - a.migrations)
const total = jobs.reduce((sum, job) => sum + job.migrations, 0)
const results: MigrationResult[] = []
const children = new Set<ChildProcess>()

// A run that is stopped still tells what it has seen.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of children) {
      child.kill('SIGKILL')
    }
    printSums(results, Date.now() - startedAt)
    process.stdout.write(`stopped after ${results.length} of ${total} migrations\n`)
    process.exit(1)
  })
}

async function work(): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const args = [
      job.name,
      values.seed,
      values.sample === undefined ? '' : String(Number(values.sample) / total),
      values.id ?? '',
      values.writers ? 'writers' : '',
    ]
    await new Promise<void>((resolve, reject) => {
      const child = fork(new URL('./worker.ts', import.meta.url), args)
      children.add(child)
      child.on('message', (message) => {
        const result = message as MigrationResult
        results.push(result)
        if (result.outcome === 'wrong') {
          process.stderr.write(`wrong: ${result.history} ${result.id}: ${result.message}\n`)
        } else if (results.length % 100 === 0) {
          process.stderr.write(`${results.length} migrations, ${Math.round((Date.now() - startedAt) / 1000)} s\n`)
        }
      })
      child.on('error', reject)
      child.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`the worker for ${job.name} ended with ${code}`)),
      )
    })
  }
}

await Promise.all(Array.from({ length: Number(values.workers) }, work))
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify(results, null, 1)}\n`)
}
printSums(results, Date.now() - startedAt)
process.exitCode = results.some((result) => result.outcome === 'wrong') || results.length === 0 ? 1 : 0
