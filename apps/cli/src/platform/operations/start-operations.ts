import { createClient, identityRoutes, type PublicKey } from '@freehold/contracts-base'
import { connect } from '@freehold/postgres'
import {
  applicationName,
  baseConfig,
  createApp,
  createTokenVerifier,
  loadConfig,
  type RunningService,
  type ServiceIdentity,
  type ServiceOptions,
  startService,
} from '@freehold/service'
import { operatorRole } from '../up/own-services.ts'
import { eventsDatabase, type UrlOf } from '../up/prepare-databases.ts'
import { platformRoutes } from './contract.ts'
import { type Ask, readEvents, readProgress } from './read-progress.ts'

export interface OperationsOptions {
  identity: ServiceIdentity
  port: number
  urlOf: UrlOf
  catalogUrl: string
  logger: NonNullable<ServiceOptions['logger']>
}

/** Starts what answers for the platform as a whole. */
export async function startOperations(options: OperationsOptions): Promise<RunningService> {
  const { identity, urlOf, catalogUrl, logger } = options
  const config = loadConfig(baseConfig, {
    PORT: String(options.port),
    DATABASE_URL: urlOf(eventsDatabase, operatorRole),
    EVENTS_URL: urlOf(eventsDatabase, operatorRole),
    CATALOG_URL: catalogUrl,
  })
  // Looked at by people now and then: a connection a question costs less than some that are kept.
  const ask: Ask = async (database, work) => {
    const session = await connect({
      connectionString: urlOf(database, operatorRole),
      applicationName: applicationName(identity),
    })
    try {
      return await work(session)
    } finally {
      await session.end()
    }
  }
  const app = await createApp({
    identity,
    config,
    logger,
    contract: platformRoutes,
    verifier: createTokenVerifier(createKeys(catalogUrl)),
    ready: [],
    routes(serve) {
      serve(platformRoutes.getProgress, async () => await readProgress(ask))
      serve(platformRoutes.listEvents, async ({ query }) => ({ items: await readEvents(ask, query) }))
    },
  })
  return await startService(app, config)
}

/** The catalog runs in the same process, so that its keys are asked for whenever a token names an unknown one. */
function createKeys(baseUrl: string): Parameters<typeof createTokenVerifier>[0] {
  const client = createClient(identityRoutes, { baseUrl, timeoutMs: 5000 })
  let known: PublicKey[] | undefined
  const refresh = async (): Promise<PublicKey[] | undefined> => {
    const { keys } = await client.listKeys()
    known = keys
    return known
  }
  return { refresh, read: async () => known ?? (await refresh()) }
}
