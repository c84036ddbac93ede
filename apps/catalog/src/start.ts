import { applicationName, createLogger, type RunningService, startService } from '@freehold/service'
import { type EventTransport, openEvents, startRelay } from '@freehold/service/events'
import { buildApp } from './app.ts'
import type { CatalogConfig } from './config.ts'
import { ensureBootstrapKey } from './domain/identity/api-keys.ts'
import { resealAll } from './domain/identity/reseal.ts'
import { createKeyRing } from './domain/identity/signing-keys.ts'
import { expireInstances } from './domain/instances/report-instance.ts'
import { openStore, serviceName } from './store/open-store.ts'
import { pruneHistory } from './store/prune-history.ts'
import { repeat } from './workers/repeat.ts'

export { type CatalogConfig, catalogConfig } from './config.ts'

export interface StartDependencies {
  logger?: ReturnType<typeof createLogger>
  /** Where events go; without it what EVENTS_URL names. Whoever gives it closes it. */
  transport?: EventTransport
}

const keepKeysEveryMs = 60_000
const expireEveryMs = 2000
const pruneEveryMs = 60 * 60_000

/** Starts the catalog: it serves as soon as its database answers, whatever else is down. */
export async function start(config: CatalogConfig, deps: StartDependencies = {}): Promise<RunningService> {
  const identity = { name: serviceName, version: config.SERVICE_VERSION, instance: config.INSTANCE }
  const log = deps.logger ?? createLogger(identity, config.LOG_LEVEL)
  const store = openStore(config.DATABASE_URL, applicationName(identity))
  const ring = createKeyRing({
    store,
    sealingKeys: config.CONFIG_KEY,
    tokenLifetimeS: config.TOKEN_LIFETIME_S,
    keyLifetimeMs: config.SIGNING_KEY_LIFETIME_H * 3_600_000,
  })
  const transport = deps.transport ?? openEvents(config.EVENTS_URL, identity, config)
  const workers = [
    repeat({
      name: 'key keeper',
      everyMs: keepKeysEveryMs,
      log,
      work: async () => {
        // Before the signing keys, which make the service ready: from then on it opens to whoever holds this key.
        if (config.BOOTSTRAP_API_KEY !== undefined) {
          await ensureBootstrapKey(store, config.BOOTSTRAP_API_KEY)
        }
        await ring.keep()
        // Last: nobody waits for it, since every key that CONFIG_KEY names opens what it sealed.
        await resealAll(store, config.CONFIG_KEY)
      },
    }),
    repeat({
      name: 'instance expirer',
      everyMs: expireEveryMs,
      log,
      work: async () => {
        await expireInstances(store)
      },
    }),
    repeat({
      name: 'pruner',
      everyMs: pruneEveryMs,
      log,
      work: async () => {
        while (await pruneHistory(store)) {
          // As much as there is, in statements that hold nobody up.
        }
      },
    }),
    startRelay({ databaseUrl: config.DATABASE_URL, schema: serviceName, transport, identity, log }),
  ]
  const onClose = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.close()))
    if (deps.transport === undefined) {
      await transport.close()
    }
    await store.destroy()
  }
  try {
    const app = await buildApp({ identity, config, store, ring, logger: log, onClose })
    return await startService(app, config)
  } catch (error) {
    await onClose()
    throw error
  }
}
