/** A platform as people start it: a process of its own, with a folder of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'

const program = fileURLToPath(new URL('../../bin/freehold.js', import.meta.url))
const schemas = new URL('../../schemas/', import.meta.url)

export interface Ended {
  exitCode: number | null
  stdout: string
  stderr: string
}

export interface RunningPlatform {
  pid: number
  urls: Record<string, string>
  postgresPort: number
  /** Sends the signal, and resolves when the process has ended. */
  stop(signal: NodeJS.Signals): Promise<Ended>
  ended: Promise<Ended>
  output(): string
  /** Resolves when its output holds the text. */
  says(text: string): Promise<void>
}

/** A folder that people work in. */
export interface Workplace {
  folder: string
  /** Environment of what is started from now on, beside that of the tests. */
  env: Record<string, string>
  /** Starts the platform and resolves when it is up; rejects with what it said if it does not come up. */
  up(...args: string[]): Promise<RunningPlatform>
  /** Starts a command that may be killed; `says` resolves when its output holds the text. */
  start(...args: string[]): { child: ChildProcess; ended: Promise<Ended>; says(text: string): Promise<void> }
  /** Runs a command to its end. */
  run(...args: string[]): Promise<Ended>
  /** Runs a command with --json and checks its document against the schema. */
  runJson(schema: string, ...args: string[]): Promise<{ exitCode: number | null; document: Record<string, unknown> }>
  remove(): Promise<void>
}

/** Makes a folder; what is started in it ends with `remove`. */
export async function createWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-up-'))
  // Under root the server runs under another account, which has to get there.
  await chmod(folder, 0o755)
  const running: RunningPlatform[] = []
  const env: Record<string, string> = {}
  const run = async (...args: string[]): Promise<Ended> => await start(folder, args, env).ended
  return {
    folder,
    env,
    run,
    start: (...args) => start(folder, args, env),
    async up(...args) {
      const platform = await startUp(folder, args)
      running.push(platform)
      return platform
    },
    async runJson(schema, ...args) {
      const { exitCode, stdout } = await run(...args, '--json')
      const document = JSON.parse(stdout) as Record<string, unknown>
      const fits = new Ajv2020({ allErrors: true, validateFormats: false }).compile(
        JSON.parse(await readFile(new URL(schema, schemas), 'utf8')) as object,
      )
      if (!fits(document)) {
        throw new Error(`the document does not fit ${schema}: ${JSON.stringify(fits.errors)}\n${stdout}`)
      }
      return { exitCode, document }
    },
    async remove() {
      await Promise.all(running.map(async (platform) => await platform.stop('SIGTERM')))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function start(folder: string, args: string[], given: Record<string, string> = {}) {
  const {
    FREEHOLD_URL: _url,
    FREEHOLD_API_KEY: _key,
    DATABASE_URL: _database,
    DIRECT_URL: _direct,
    ...own
  } = process.env
  const env = { ...own, ...given }
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
  const output = (): string => stdout + stderr
  const says = async (text: string): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => (output().includes(text) ? resolve() : undefined)
      child.stdout.on('data', look)
      child.stderr.on('data', look)
      void ended.then(() => reject(new Error(`it ended without saying ${text}: ${output()}`)))
      look()
    })
  }
  return { child, ended, output, says }
}

async function startUp(folder: string, args: string[]): Promise<RunningPlatform> {
  const { child, ended, output, says } = start(folder, ['up', '--port', '0', '--json', ...args])
  const document = await new Promise<Pick<RunningPlatform, 'pid' | 'urls' | 'postgresPort'>>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.endsWith('}\n') && text.includes('"urls"')) {
        resolve(JSON.parse(text))
      }
    })
    void ended.then(() => reject(new Error(`the platform did not come up: ${output()}`)))
  })
  return {
    ...document,
    ended,
    output,
    says,
    async stop(signal) {
      child.kill(signal)
      return await ended
    },
  }
}

/** Returns the process and all that came from it, by their numbers. */
export async function findFamily(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,ppid='])
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const family = [pid]
  for (const member of family) {
    family.push(...pairs.filter(([, parent]) => parent === member).map(([child]) => child ?? 0))
  }
  return family
}

/** Kills the process and all that came from it at once. */
export async function killFamily(pid: number): Promise<void> {
  for (const member of await findFamily(pid)) {
    try {
      process.kill(member, 'SIGKILL')
    } catch (error) {
      // The death of one may have ended another already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
        throw error
      }
    }
  }
}
