// Every check in turn, none left out because another failed. A gate that is no test run counts as one check.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { prepareDocker, removeLeftContainers } from './docker/prepare-docker.ts'
import { type Sums, toLine, type WrittenSums } from './sums.ts'

interface Gate {
  /** An npm script of the root's package.json. */
  script: string
  /** `tests`: it writes its sums to the file that FREEHOLD_TEST_SUMS names. `one`: it passes or fails as a whole. */
  counts: 'tests' | 'one'
  /** What has to be there; without it the gate is skipped, or fails where FREEHOLD_REQUIRE_DOCKER=1 says that it is meant to be. */
  needs?: 'docker'
}

/** The gates, in the order in which they are run. */
const gates: Gate[] = [
  { script: 'test', counts: 'tests' },
  { script: 'lint', counts: 'one' },
  { script: 'types', counts: 'one' },
  { script: 'build', counts: 'one' },
  { script: 'knip', counts: 'one' },
  { script: 'schemathesis', counts: 'tests' },
  { script: 'test:compose', counts: 'tests', needs: 'docker' },
]

const root = path.resolve(import.meta.dirname, '..')
// Above what the slowest gate takes on two slow cores; a gate that hangs must not hold the others up for ever.
const gateTimeoutMs = 40 * 60_000
const mustHaveDocker = process.env['FREEHOLD_REQUIRE_DOCKER'] === '1'
const testRun = `ci-${process.pid}`

const scratch = mkdtempSync(path.join(tmpdir(), 'freehold-ci-'))
const sumsFile = path.join(scratch, 'sums.json')
const report: string[] = []
const sums: Sums = { passed: 0, failed: 0, skipped: 0 }

function add(title: string, added: Sums, notRun: string[] = []): void {
  sums.passed += added.passed
  sums.failed += added.failed
  sums.skipped += added.skipped
  const verdict = added.failed > 0 ? 'FAILED ' : added.passed === 0 ? 'NOT RUN' : 'ok     '
  report.push(`${verdict} ${title}: ${toLine(added)}`, ...notRun.map((reason) => `          ${reason}`))
}

function runScript(script: string, env: Record<string, string>): boolean {
  process.stdout.write(`\n==> npm run ${script}\n`)
  const startedAt = performance.now()
  const { status, signal, error } = spawnSync('npm', ['run', '--silent', script], {
    cwd: root,
    // No terminal and no daemon: nothing asks, and nothing outlives the run.
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CI: 'true', NX_DAEMON: 'false', FREEHOLD_TEST_SUMS: sumsFile, ...env },
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
function readSums(done: boolean): WrittenSums {
  try {
    const written = JSON.parse(readFileSync(sumsFile, 'utf8')) as WrittenSums
    return done || written.failed > 0 ? written : { ...written, failed: 1 }
  } catch {
    // The run was ended before it could write them.
    return { passed: 0, failed: 1, skipped: 0, notRun: [] }
  } finally {
    rmSync(sumsFile, { force: true })
  }
}

process.stdout.write('\n==> Docker\n')
const docker = prepareDocker()
const missing = 'missing' in docker ? docker.missing : undefined
// Where Docker is there, a test that needs it and does not get it is a failure.
const env = 'env' in docker ? { ...docker.env, FREEHOLD_REQUIRE_DOCKER: '1', FREEHOLD_TEST_RUN: testRun } : {}
process.stdout.write(`<== Docker: ${missing === undefined ? 'ready' : `NOT THERE: ${missing}`}\n`)
if ('missing' in docker && docker.isFault) {
  add('Docker', { passed: 0, failed: 1, skipped: 0 }, [docker.missing])
}
for (const { script, counts, needs } of gates) {
  if (needs === 'docker' && missing !== undefined) {
    const failed = mustHaveDocker ? 1 : 0
    add(script, { passed: 0, failed, skipped: 1 - failed }, [`no Docker: ${missing}`])
    continue
  }
  const done = runScript(script, env)
  if (counts === 'tests') {
    const written = readSums(done)
    add(script, written, written.notRun)
  } else {
    add(script, { passed: done ? 1 : 0, failed: done ? 0 : 1, skipped: 0 })
  }
}
if (missing === undefined) {
  removeLeftContainers(testRun)
}
rmSync(scratch, { recursive: true })

process.stdout.write(`\n${report.join('\n')}\n\n${toLine(sums)}\n`)
process.exitCode = sums.failed > 0 ? 1 : 0
