/** The platform of docker-compose.yml as its users start it, with a project, ports, secrets and images of its own. */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createClient, identityRoutes } from '@freehold/contracts-base'
import { createCatalogClient } from '@freehold/contracts-catalog'
import { createMigrationsClient } from '@freehold/contracts-migrations'

const root = path.resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const outputBytesMax = 64 * 1024 * 1024

/** Freehold's services in the composed platform. */
export const services = ['catalog', 'migrations'] as const
export type ServiceName = (typeof services)[number]

export interface ComposedPlatform {
  urls: Record<ServiceName, string>
  catalog: ReturnType<typeof createCatalogClient>
  migrations: ReturnType<typeof createMigrationsClient>
  /** Returns a token of the platform's owner; the last one while the catalog is away. */
  token(): Promise<string>
  /** Runs `docker compose` with the file of a folder, by default this repository's; returns what it wrote. */
  compose(args: string[], options?: { from?: string; env?: Record<string, string> }): Promise<string>
  /** Runs `freehold` on the platform, from a folder. */
  freehold(folder: string, ...args: string[]): Promise<string>
  /** Returns what a query finds as the superuser, a line a row. */
  ask(database: string, query: string): Promise<string[]>
  /** Returns the events of a topic from its beginning, read by Kafka's own consumer. */
  readTopic(topic: string): Promise<{ type: string; key: string; data: unknown }[]>
  /** Removes containers, volumes and images. */
  remove(): Promise<void>
}

/** Prepares a platform of which nothing is built or started yet. */
export async function createPlatform(name: string): Promise<ComposedPlatform> {
  const folder = await mkdtemp(path.join(tmpdir(), 'freehold-compose-'))
  const project = `freehold-test-${name}-${process.pid}`
  const envFile = path.join(folder, 'env')
  await run(process.execPath, [path.join(root, 'tools/docker/write-env.js'), envFile])
  const apiKey = /^FREEHOLD_API_KEY=(.*)$/m.exec(await readFile(envFile, 'utf8'))?.[1] ?? ''
  const [catalogPort = 0, migrationsPort = 0] = await findFreePorts(services.length)
  const images = Object.fromEntries(
    [...services, 'cli'].map((each) => [`${each.toUpperCase()}_IMAGE`, `freehold-test/${each}:${project}`]),
  )
  const settings = { ...images, CATALOG_PORT: String(catalogPort), MIGRATIONS_PORT: String(migrationsPort) }
  const urls = { catalog: `http://127.0.0.1:${catalogPort}`, migrations: `http://127.0.0.1:${migrationsPort}` }
  const token = createToken(urls.catalog, apiKey)

  const compose: ComposedPlatform['compose'] = async (args, { from = root, env = {} } = {}) => {
    const file = ['--file', path.join(from, 'docker-compose.yml'), '--project-directory', from]
    const options = ['--ansi', 'never', '--progress', 'plain', '--project-name', project, '--env-file', envFile]
    return await runDocker(['compose', ...options, ...file, ...args], { ...settings, ...env })
  }
  return {
    urls,
    catalog: createCatalogClient({ baseUrl: urls.catalog, token }),
    migrations: createMigrationsClient({ baseUrl: urls.migrations, token }),
    token,
    compose,
    async freehold(from, ...args) {
      const env = { FREEHOLD_URL: urls.catalog, FREEHOLD_MIGRATIONS_URL: urls.migrations, FREEHOLD_API_KEY: apiKey }
      const program = path.join(root, 'apps/cli/bin/freehold.js')
      const { DATABASE_URL: _database, DIRECT_URL: _direct, ...own } = process.env
      const { stdout } = await run(process.execPath, [program, ...args], { cwd: from, env: { ...own, ...env } })
      return stdout
    },
    async ask(database, query) {
      const psql = ['psql', '--username=postgres', `--dbname=${database}`, '--tuples-only', '--no-align']
      const output = await compose(['exec', '-T', 'postgres', ...psql, '--command', query])
      return output.split('\n').filter((line) => line !== '')
    },
    async readTopic(topic) {
      const consumer = `/opt/kafka/bin/kafka-console-consumer.sh --bootstrap-server kafka:9092 --topic ${topic} \
        --from-beginning --timeout-ms 10000 --property print.headers=true --property print.key=true 2>/dev/null || true`
      const output = await compose(['exec', '-T', 'kafka', 'sh', '-c', consumer])
      return output.split('\n').flatMap((line) => {
        const [headers = '', key = '', data] = line.split('\t')
        const type = /(?:^|,)ce_type:([^,]+)/.exec(headers)?.[1]
        return type === undefined || data === undefined ? [] : [{ type, key, data: JSON.parse(data) as unknown }]
      })
    },
    async remove() {
      await compose(['down', '--volumes', '--remove-orphans', '--timeout', '20'])
      // Some of them may never have been built.
      await runDocker(['image', 'rm', ...Object.values(images)], {}).catch(() => {})
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function runDocker(args: string[], env: Record<string, string>): Promise<string> {
  try {
    const { stdout } = await run('docker', args, {
      cwd: root,
      env: { ...process.env, ...env },
      maxBuffer: outputBytesMax,
    })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`docker ${args.slice(-6).join(' ')} failed:\n${stdout ?? ''}\n${stderr ?? error}`.slice(-8000))
  }
}

const renewBeforeMs = 120_000

/** A token outlasts the catalog that issued it: it is asked for again long before it ends, and kept if nobody answers. */
function createToken(baseUrl: string, apiKey: string): () => Promise<string> {
  const client = createClient(identityRoutes, { baseUrl, timeoutMs: 5000 })
  let held: { token: string; expiresAt: string } | undefined
  let asked: Promise<void> | undefined
  const renew = async (): Promise<void> => {
    const issued = client.issueToken({ body: { apiKey } })
    held = held === undefined ? await issued : await issued.catch(() => held)
  }
  return async () => {
    if (held === undefined || Date.parse(held.expiresAt) - Date.now() < renewBeforeMs) {
      asked ??= renew().finally(() => {
        asked = undefined
      })
      // Only who has none waits for it.
      await (held === undefined ? asked : undefined)
    }
    return held?.token ?? ''
  }
}

async function findFreePorts(count: number): Promise<number[]> {
  const probes = await Promise.all(
    Array.from({ length: count }, async () => {
      const probe = createServer()
      await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', () => resolve()))
      return probe
    }),
  )
  const ports = probes.map((probe) => (probe.address() as { port: number }).port)
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  return ports
}
