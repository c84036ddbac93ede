// Every check in turn, none left out because another failed. A gate that is no test run counts as one check.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Sums, toLine } from './sums.ts'

const root = path.resolve(import.meta.dirname, '..')
// Above what the slowest gate takes on two slow cores; a gate that hangs must not hold the others up for ever.
const gateTimeoutMs = 40 * 60_000

const gates = ['lint', 'types', 'build', 'knip']
const scratch = mkdtempSync(path.join(tmpdir(), 'freehold-ci-'))
const sumsFile = path.join(scratch, 'sums.json')
const report: string[] = []
const sums: Sums = { passed: 0, failed: 0, skipped: 0 }

function add(title: string, added: Sums): void {
  sums.passed += added.passed
  sums.failed += added.failed
  sums.skipped += added.skipped
  report.push(`${added.failed > 0 ? 'FAILED' : 'ok    '}  ${title}: ${toLine(added)}`)
}

function runScript(script: string): boolean {
  process.stdout.write(`\n==> npm run ${script}\n`)
  const startedAt = performance.now()
  const { status, signal, error } = spawnSync('npm', ['run', '--silent', script], {
    cwd: root,
    // No terminal and no daemon: nothing asks, and nothing outlives the run.
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CI: 'true', NX_DAEMON: 'false', FREEHOLD_TEST_SUMS: sumsFile },
    timeout: gateTimeoutMs,
    killSignal: 'SIGTERM',
    shell: process.platform === 'win32',
  })
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const how = error?.message ?? (signal === null ? `exit code ${status}` : signal)
  process.stdout.write(`<== npm run ${script}: ${how} after ${seconds} s\n`)
  return status === 0
}

/** Returns the sums that the tests wrote; a run that ended badly without a failed test, or without sums, counts as failed. */
function readSums(done: boolean): Sums {
  try {
    const written = JSON.parse(readFileSync(sumsFile, 'utf8')) as Sums
    return done || written.failed > 0 ? written : { ...written, failed: 1 }
  } catch {
    // The run was ended before it could write them.
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

add('test', readSums(runScript('test')))
for (const gate of gates) {
  const done = runScript(gate)
  add(gate, { passed: done ? 1 : 0, failed: done ? 0 : 1, skipped: 0 })
}
rmSync(scratch, { recursive: true })

process.stdout.write(`\n${report.join('\n')}\n\n${toLine(sums)}\n`)
process.exitCode = sums.failed > 0 ? 1 : 0
