import { catalogConfig, start as startCatalog } from '@freehold/catalog/start'
import { migrationsConfig, start as startMigrations } from '@freehold/migrations/start'
import { createLogger, loadConfig, type RunningService, type ServiceIdentity } from '@freehold/service'
import { startOperations } from '../operations/start-operations.ts'
import type { PlatformFolder } from '../platform-folder.ts'
import type { Secrets } from '../secrets.ts'
import { awaitKey, awaitReady } from './await-ready.ts'
import { listeners } from './own-services.ts'
import { type Ports, toPortProblem } from './ports.ts'
import { eventsDatabase, type UrlOf } from './prepare-databases.ts'

export interface ServicesOptions {
  folder: PlatformFolder
  secrets: Secrets
  ports: Ports
  urlOf: UrlOf
  version: string
  instance: string
  env: Record<string, string | undefined>
  /** Ends the start. */
  signal: AbortSignal
  /** Takes the lines of a service's log. */
  logOf(service: string): { write(line: string): void }
}

/** The services of a platform, by name. */
export interface RunningServices {
  urls: Record<string, string>
  /** Drains and ends them, those first that ask the others. */
  close(): Promise<void>
}

type Name = (typeof listeners)[number]

/** Starts the services one after the other and resolves when all are ready; those that have been started are ended again when one cannot be. */
export async function startServices(options: ServicesOptions): Promise<RunningServices> {
  const running = new Map<Name, RunningService>()
  const start = async (name: Name, work: () => Promise<RunningService>): Promise<string> => {
    try {
      const service = await work()
      running.set(name, service)
      return service.url
    } catch (error) {
      throw toPortProblem(error, options.ports[name], name)
    }
  }
  const close = async (): Promise<void> => {
    // Requests in flight to the others may still need the catalog's keys.
    await Promise.all([running.get('platform')?.close(), running.get('migrations')?.close()])
    await running.get('catalog')?.close()
  }
  try {
    const catalogUrl = await start('catalog', async () => await openCatalog(options))
    await start('migrations', async () => await openMigrations(options, catalogUrl))
    const { urlOf, ports } = options
    await start('platform', async () =>
      startOperations({
        identity: identityOf(options, 'platform'),
        port: ports.platform,
        urlOf,
        catalogUrl,
        logger: loggerOf(options, 'platform'),
      }),
    )
    await Promise.all([...running.values()].map(async ({ url }) => await awaitReady(url, options.signal)))
    await awaitKey(catalogUrl, options.secrets.apiKey, options.signal)
  } catch (error) {
    await close()
    throw error
  }
  return { urls: Object.fromEntries(listeners.map((name) => [name, running.get(name)?.url ?? ''])), close }
}

async function openCatalog(options: ServicesOptions): Promise<RunningService> {
  const { secrets } = options
  const config = loadConfig(catalogConfig, {
    ...settingsOf(options, 'catalog'),
    CONFIG_KEY: secrets.sealingKeys.catalog,
    BOOTSTRAP_API_KEY: secrets.apiKey,
  })
  return await startCatalog(config, { logger: loggerOf(options, 'catalog') })
}

async function openMigrations(options: ServicesOptions, catalogUrl: string): Promise<RunningService> {
  const { folder, secrets, env } = options
  const config = loadConfig(migrationsConfig, {
    ...settingsOf(options, 'migrations'),
    CATALOG_URL: catalogUrl,
    SEALING_KEYS: secrets.sealingKeys.migrations,
    SCRATCH_FOLDER: folder.scratch,
    ...(env['SECRETS_FOLDER'] === undefined ? {} : { SECRETS_FOLDER: env['SECRETS_FOLDER'] }),
  })
  return await startMigrations(config, { env, logger: loggerOf(options, 'migrations') })
}

function settingsOf({ ports, urlOf, version, instance, env }: ServicesOptions, service: 'catalog' | 'migrations') {
  return {
    PORT: String(ports[service]),
    DATABASE_URL: urlOf(service, service),
    EVENTS_URL: urlOf(eventsDatabase, service),
    SERVICE_VERSION: version,
    INSTANCE: instance,
    LOG_LEVEL: env['LOG_LEVEL'],
    EVENT_LOOP_LAG_MAX_MS: env['EVENT_LOOP_LAG_MAX_MS'],
    OTEL_EXPORTER_OTLP_ENDPOINT: env['OTEL_EXPORTER_OTLP_ENDPOINT'],
  }
}

const identityOf = ({ version, instance }: ServicesOptions, name: string): ServiceIdentity => ({
  name,
  version,
  instance,
})

function loggerOf(options: ServicesOptions, name: string) {
  return createLogger(identityOf(options, name), options.env['LOG_LEVEL'] ?? 'info', options.logOf(name))
}
