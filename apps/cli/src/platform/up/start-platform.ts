// Everything in one process, and Postgres as its child. Each part finds out by itself what is there already, so that the
// first start, a later one, and one after a crash are the same.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Problem } from '@freehold/migrations/problem'
import { startServer } from '@freehold/postgres/embedded'
import { claimFolder } from '../platform-file.ts'
import type { PlatformFolder } from '../platform-folder.ts'
import { platformProblems } from '../platform-problems.ts'
import { ensureSecrets, type Secrets } from '../secrets.ts'
import { type KeptServer, keepPostgres } from './keep-postgres.ts'
import { findDataFolder, makeFolder } from './make-folder.ts'
import { migrateSchemas } from './migrate-schemas.ts'
import { type LogFile, openLog } from './open-log.ts'
import { listeners, ownRoles } from './own-services.ts'
import { checkPorts, toPorts } from './ports.ts'
import { admitOperator, createUrlOf, prepareDatabases } from './prepare-databases.ts'
import { startServices } from './start-services.ts'

export interface PlatformOptions {
  root: string
  /** Of the first of the ports in a row; 0 takes free ones. */
  port: number
  version: string
  env: Record<string, string | undefined>
  /** Takes the logs of all services; without it each goes to its own file. */
  logs?: { write(line: string): void }
  signal: AbortSignal
  /** Told of what a person may want to know of while it starts. */
  say(text: string): void
}

/** A platform that is up. */
export interface Platform {
  folder: PlatformFolder
  urls: Record<string, string>
  postgresPort: number
  /** Rejects with a Problem when the platform cannot go on; never resolves. */
  lost: Promise<never>
  /** Drains the services, stops Postgres, and leaves the folder to the next start. */
  close(): Promise<void>
}

/** Starts the platform of the folder; throws a Problem where it runs already or cannot. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const folder = await makeFolder(options.root)
  const claim = await claimFolder(folder, options.version)
  // In the reverse order of starting.
  const ends: (() => Promise<unknown>)[] = [claim.release]
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) {
      await end()
    }
  }
  try {
    const ports = toPorts(options.port)
    await checkPorts(ports)
    const { server, secrets } = await openPostgres(folder, options.say)
    ends.push(server.stop)
    const urlOf = createUrlOf(server, secrets)
    await prepareDatabases(server, secrets)
    await migrateSchemas(urlOf, options.signal, options.say)
    await admitOperator(server)
    const logs = await openLogs(folder, options.logs)
    ends.push(logs.close)
    const { version, env, signal } = options
    const instance = randomBytes(3).toString('hex')
    const common = { folder, secrets, ports, urlOf, version, instance, env, signal, logOf: logs.of }
    const services = await startServices(common)
    ends.push(services.close)
    await claim.publish(services.urls)
    return { folder, urls: services.urls, postgresPort: server.port, lost: server.lost, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openPostgres(
  folder: PlatformFolder,
  say: (text: string) => void,
): Promise<{ server: KeptServer; secrets: Secrets }> {
  const dataFolder = await findDataFolder(folder)
  if (existsSync(dataFolder) && !existsSync(folder.secretsFile)) {
    throw new Problem(
      platformProblems.secretsMissing,
      `${folder.root} has databases, and the secrets that belong to them are gone`,
    )
  }
  // Before the data: secrets without data do no harm, data without secrets are lost.
  const secrets = await ensureSecrets(folder, ownRoles)
  const options = { major: 18, folder: dataFolder, ephemeral: false, settings: { shared_buffers: '64MB' } } as const
  const server = await keepPostgres({
    start: async (port) => await startServer({ ...options, ...(port === undefined ? {} : { port }) }),
    say,
  })
  return { server, secrets }
}

interface Logs {
  of(service: string): { write(line: string): void }
  close(): Promise<void>
}

async function openLogs({ logs }: PlatformFolder, shared: PlatformOptions['logs']): Promise<Logs> {
  if (shared !== undefined) {
    return { of: () => shared, close: async () => {} }
  }
  const files = new Map<string, LogFile>()
  for (const name of listeners) {
    files.set(name, await openLog(logs, name))
  }
  return {
    of: (service) => files.get(service) ?? { write: () => {} },
    async close() {
      await Promise.all([...files.values()].map(async (file) => await file.close()))
    },
  }
}
