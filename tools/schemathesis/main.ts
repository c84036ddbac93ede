// Sends each service of a real platform what Schemathesis makes of its OpenAPI document: no answer may be a 5xx, or another
// than the document says. Needs Python 3.10 and PyPI once; where they are missing, nothing is checked, and the last lines say so.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder } from '@freehold/postgres/embedded'
import { type Sums, toLine } from '../sums.ts'

const version = '4.32.5'
const services = ['catalog', 'migrations'] as const
const secondsEach = Number(process.env['FREEHOLD_SCHEMATHESIS_SECONDS'] ?? '75')
const root = path.resolve(import.meta.dirname, '../..')
// Streams that end with the caller's token only: nothing else would be asked meanwhile.
const endless = ['followConfiguration']
// A state that a request does not know of decides about many: 404 and 409 are right answers to sound data.
const uncheckedAnswers = ['positive_data_acceptance']
// As it comes, it does not take «too large» (413, 414, 431) for a refusal of data that is too long; and that a version to
// restore is not there, it takes for the service that was made a moment ago not being there.
const settings = `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 428, 429, 431]

[[operations]]
include-operation-id = ["restoreStrategy", "restoreConfiguration"]
checks.ensure_resource_availability.enabled = false
`

class Missing extends Error {}

/** Returns the program, installed into a folder of its own in the cache; throws a Missing. */
function install(): string {
  const folder = path.join(cacheFolder(), `schemathesis-${version}`)
  const program = path.join(folder, 'bin', 'schemathesis')
  if (!existsSync(program)) {
    run(
      'python3',
      ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'],
      'no Python 3.10 with venv',
    )
    run('python3', ['-m', 'venv', folder], 'no virtual environment could be made')
    const packages = ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${version}`]
    run(path.join(folder, 'bin', 'pip'), packages, 'Schemathesis could not be installed')
  }
  return program
}

function run(command: string, args: string[], otherwise: string): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 })
  if (status !== 0) {
    throw new Missing(`${otherwise}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
  }
}

interface Platform {
  urls: Record<string, string>
  /** Tokens of the owner, one a service: whatever is revoked on the way, they last to its end. */
  tokens: Record<string, string>
  stop(): Promise<void>
}

/** Starts a platform of its own and waits until each service takes the owner's token. */
async function startPlatform(folder: string): Promise<Platform> {
  const program = path.join(root, 'apps/cli/bin/freehold.js')
  const child = spawn(process.execPath, [program, 'up', '--port', '0', '--data', path.join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // A busy machine is no reason to shed what is asked here.
    env: { ...process.env, EVENT_LOOP_LAG_MAX_MS: '0' },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  try {
    await untilUp(child)
    const { urls } = await readJson<{ urls: Record<string, string> }>(path.join(folder, 'data/platform.json'))
    const { apiKey } = await readJson<{ apiKey: string }>(path.join(folder, 'data/secrets.json'))
    const tokens: Record<string, string> = {}
    for (const service of services) {
      tokens[service] = await issueToken(urls['catalog'] ?? '', apiKey)
      await untilTaken(
        `${urls[service]}/v1/services/shop/${service === 'catalog' ? 'instances' : 'runs'}`,
        tokens[service],
      )
    }
    return { urls, tokens, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function untilUp(child: ReturnType<typeof spawn>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('Freehold is up')) {
        resolve()
      }
    })
    child.once('exit', () => reject(new Error(`the platform did not come up:\n${output}`)))
  })
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}

async function issueToken(catalogUrl: string, apiKey: string): Promise<string> {
  const response = await fetch(`${catalogUrl}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKey }),
  })
  return ((await response.json()) as { token: string }).token
}

async function untilTaken(url: string, token: string): Promise<void> {
  const deadlineAt = Date.now() + 60_000
  for (;;) {
    const { status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (status === 200 || status === 404) {
      return
    }
    if (Date.now() > deadlineAt) {
      throw new Error(`${url} still answers ${status}`)
    }
    await sleep(200)
  }
}

/** Python's regular expressions know no \\p{…}; the ranges mean the same. */
function forPython(document: string): string {
  return document
    .replaceAll('\\\\p{Cc}', '\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f')
    .replaceAll('\\\\p{Cs}', '\\\\ud800-\\\\udfff')
}

/** Checks one service, and returns how many of its operations answered rightly. */
async function check(
  program: string,
  platform: Platform,
  service: (typeof services)[number],
  folder: string,
): Promise<Sums> {
  const document = path.join(folder, `${service}.json`)
  writeFileSync(document, forPython(readFileSync(path.join(root, 'libs/contracts', service, 'openapi.json'), 'utf8')))
  writeFileSync(path.join(folder, 'schemathesis.toml'), settings)
  const reportFile = path.join(folder, `${service}.xml`)
  process.stdout.write(`\n==> ${service}\n`)
  const args = [
    ...['run', document, '--url', platform.urls[service] ?? ''],
    ...['--header', `Authorization: Bearer ${platform.tokens[service]}`],
    // One worker: CPython 3.11 fails now and then when two threads of it compile at the same time.
    ...['--max-time', String(secondsEach), '--workers', '1', '--request-timeout', '30', '--seed', '1', '--no-color'],
    ...['--exclude-checks', uncheckedAnswers.join(','), '--continue-on-failure', '--warnings', 'off'],
    ...['--report-junit-path', reportFile],
    ...endless.flatMap((operation) => ['--exclude-operation-id', operation]),
  ]
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], cwd: folder })
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const report = existsSync(reportFile) ? readFileSync(reportFile, 'utf8') : ''
  const cases = [...report.matchAll(/<testcase\b[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
  const failed = cases.filter(([, content = '']) => /<(?:failure|error)\b/.test(content)).length
  // A run that ended badly without a case that failed counts as one.
  return { passed: cases.length - failed, failed: status === 0 ? failed : Math.max(1, failed), skipped: 0 }
}

async function checkAll(program: string): Promise<Sums> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-schemathesis-'))
  // Under root the server runs under another account, which has to get there.
  await chmod(folder, 0o755)
  const sums: Sums = { passed: 0, failed: 0, skipped: 0 }
  try {
    const platform = await startPlatform(folder)
    try {
      for (const service of services) {
        const { passed, failed } = await check(program, platform, service, folder)
        sums.passed += passed
        sums.failed += failed
      }
    } finally {
      await platform.stop()
    }
    return sums
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function main(): Promise<Sums> {
  try {
    return await checkAll(install())
  } catch (error) {
    if (error instanceof Missing) {
      process.stdout.write(`\nNOT RUN: ${error.message}\n`)
      return { passed: 0, failed: 0, skipped: 1 }
    }
    throw error
  }
}

const sums = await main()
if (process.env['FREEHOLD_TEST_SUMS'] !== undefined) {
  writeFileSync(process.env['FREEHOLD_TEST_SUMS'], JSON.stringify(sums))
}
process.stdout.write(`\n${toLine(sums)}\n`)
process.exitCode = sums.failed > 0 ? 1 : 0
