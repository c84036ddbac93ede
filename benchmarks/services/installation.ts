// Freehold's own services as they run in containers: each its bundle in a process of its own, with its own role and
// database on one Postgres server, whose schemas were migrated before. Events go to a log on the same server.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startServer } from '@freehold/postgres/embedded'
import { installEventsLog } from '@freehold/service/events'
import { withClient } from '../../tools/durable-server.ts'
import { runProgram } from '../measure.ts'

const root = path.resolve(import.meta.dirname, '../..')
export const serviceNames = ['catalog', 'migrations'] as const
export type ServiceName = (typeof serviceNames)[number]

/** A service in a process of its own. */
export interface ServiceRun {
  pid: number
  url: string
  /** From the start of the process to the first answer of /ready with 200. */
  readyMs: number
  /** File with what it wrote to standard output. */
  logFile: string
  stop(): Promise<void>
}

export interface RunOptions {
  /** Bundle or source that is run. */
  program: string
  env?: Record<string, string>
  /** The only core that the process may use. */
  core?: number
}

export interface Installation {
  /** Opens the catalog as owner of the platform. */
  apiKey: string
  run(name: ServiceName, options: RunOptions): Promise<ServiceRun>
  /** Ends everything and removes what it left. */
  stop(): Promise<void>
}

/** Returns the bundle of a service, as its image holds it. */
export function bundleOf(name: ServiceName): string {
  return path.join(root, 'apps', name, 'dist/main.js')
}

/** Bundles the services and the command line, and makes their databases. */
export async function install(): Promise<Installation> {
  for (const app of ['cli', ...serviceNames]) {
    await runProgram([path.join(root, 'tools/build-app.ts'), app])
  }
  const server = await startServer({ major: 18, ephemeral: false, settings: { shared_buffers: '256MB' } })
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-benchmark-'))
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const secrets = { apiKey: `fhk_${randomBytes(32).toString('base64url')}`, password: randomBytes(24).toString('hex') }
  const urlOf = (database: string, role: string): string => {
    const url = new URL(server.url(database, role))
    url.password = secrets.password
    return url.href
  }
  try {
    await prepare(server.url(), secrets.password, urlOf)
  } catch (error) {
    await stop()
    throw error
  }
  const port = await findFreePort()
  const run = async (name: ServiceName, options: RunOptions): Promise<ServiceRun> => {
    const env = { ...settingsOf(name, secrets.apiKey, urlOf), CATALOG_URL: `http://127.0.0.1:${port}` }
    const at = name === 'catalog' ? port : await findFreePort()
    return await runService({ ...options, env: { ...env, PORT: String(at), ...options.env } }, at, folder)
  }
  return { apiKey: secrets.apiKey, run, stop }
}

type UrlOf = (database: string, role: string) => string

/** What compose does before the services start. */
async function prepare(adminUrl: string, password: string, urlOf: UrlOf): Promise<void> {
  const dist = path.join(root, 'apps/cli/dist')
  const passwords = serviceNames.flatMap((name) => [
    [`${name.toUpperCase()}_PASSWORD`, password],
    [`${name.toUpperCase()}_MIGRATOR_PASSWORD`, password],
  ])
  await runProgram([path.join(dist, 'prepare-databases.js')], {
    POSTGRES_URL: adminUrl,
    ...Object.fromEntries(passwords),
  })
  for (const name of serviceNames) {
    const folder = path.join(root, 'migrations', name, 'migrations')
    await runProgram([path.join(dist, 'freehold.js'), 'migrate', 'deploy', '--migrations', folder, '--phase', 'all'], {
      DATABASE_URL: `${urlOf(name, `${name}_migrator`)}?schema=${name}`,
    })
  }
  await withClient(adminUrl, async (client) => {
    await client.query('CREATE DATABASE events')
  })
  const events = new URL(adminUrl)
  events.pathname = '/events'
  await installEventsLog({ connectionString: events.href, services: [...serviceNames] })
}

function settingsOf(name: ServiceName, apiKey: string, urlOf: UrlOf): Record<string, string> {
  const sealingKey = `k1:${Buffer.alloc(32, 7).toString('base64')}`
  return {
    DATABASE_URL: urlOf(name, name),
    EVENTS_URL: urlOf('events', name),
    ...(name === 'catalog' ? { CONFIG_KEY: sealingKey, BOOTSTRAP_API_KEY: apiKey } : { SEALING_KEYS: sealingKey }),
  }
}

async function runService(options: RunOptions, port: number, folder: string): Promise<ServiceRun> {
  const { program, core, env } = options
  const logFile = path.join(folder, `${port}-${process.hrtime.bigint()}.log`)
  const [command, ...args] = [...(core === undefined ? [] : ['taskset', '-c', String(core)]), process.execPath, program]
  const startedAt = performance.now()
  const child = spawn(command as string, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', openSync(logFile, 'a'), 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, url)
  const readyMs = performance.now() - startedAt
  const ended = once(child, 'exit')
  return {
    pid: child.pid as number,
    url,
    readyMs,
    logFile,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/ready`).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.status === 200) {
      return
    }
    if (child.exitCode !== null) {
      throw new Error(`the service ended with ${child.exitCode} before it was ready`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer()
  return await new Promise((resolve) => {
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
