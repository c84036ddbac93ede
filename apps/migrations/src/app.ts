import { migrationsRoutes } from '@freehold/contracts-migrations'
import { applicationName, createApp, createLogger, type ServiceIdentity, type TokenVerifier } from '@freehold/service'
import {
  answerDeadLetters,
  type EventTransport,
  openEvents,
  startConsumer,
  startRelay,
  type Worker,
  type WorkerLog,
} from '@freehold/service/events'
import { sql } from 'kysely'
import type { MigrationsConfig } from './config.ts'
import type { ConnectionSources } from './domain/resolve-connection.ts'
import { onStrategyChanged } from './events/on-strategy-changed.ts'
import { answerDatabases } from './routes/answer-databases.ts'
import { answerPlans } from './routes/answer-plans.ts'
import { answerFleetRuns, answerRuns } from './routes/answer-runs.ts'
import { openStore, serviceName } from './store/open-store.ts'
import type { Store } from './store/schema.ts'
import { startDriftWatcher } from './workers/drift-watcher.ts'
import { startExecutor } from './workers/executor.ts'
import { startFleetRoller } from './workers/fleet-roller.ts'
import { startPlanner } from './workers/planner.ts'
import { startPruner } from './workers/pruner.ts'
import type { WorkerSetup } from './workers/worker-setup.ts'

type App = Awaited<ReturnType<typeof createApp>>

export interface AppOptions {
  config: MigrationsConfig
  /** What `env:` references are looked up in. */
  env: Readonly<Record<string, string | undefined>>
  /** Without it events go where EVENTS_URL says. Whoever gives it closes it. */
  transport?: EventTransport
  verifier?: TokenVerifier
  logger?: ReturnType<typeof createLogger>
}

/** Returns the service with its workers started; closing the app ends them, and then the connections. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, env } = options
  const identity: ServiceIdentity = { name: serviceName, version: config.SERVICE_VERSION, instance: config.INSTANCE }
  const log = options.logger ?? createLogger(identity, config.LOG_LEVEL)
  const name = applicationName(identity)
  const store = openStore({ databaseUrl: config.DATABASE_URL, applicationName: name, connectionsMax: 10 })
  const sources: ConnectionSources = { keys: config.SEALING_KEYS, env, secretsFolder: config.SECRETS_FOLDER }
  const transport = options.transport ?? openEvents(config.EVENTS_URL, identity, config)
  const consumer = startConsumer({
    ...{ db: store, schema: serviceName, transport, group: serviceName, log },
    handlers: [onStrategyChanged],
  })
  const workers = [
    startRelay({ databaseUrl: config.DATABASE_URL, schema: serviceName, transport, identity, log }),
    consumer,
    ...(config.WORKERS === 'off' ? [] : startWorkers(toSetup({ config, store, sources, applicationName: name, log }))),
  ]
  const onClose = async (): Promise<void> => {
    await Promise.all(workers.map(async (worker) => await worker.close()))
    if (options.transport === undefined) {
      await transport.close()
    }
    await store.destroy()
  }
  const app = createApp({
    identity,
    config,
    logger: log,
    contract: migrationsRoutes,
    ...(options.verifier === undefined ? {} : { verifier: options.verifier }),
    routes(serve) {
      answerDatabases(serve, { store, sources, applicationName: name })
      answerPlans(serve, store)
      answerRuns(serve, store)
      answerFleetRuns(serve, store)
      answerDeadLetters(serve, consumer)
    },
    ready: [{ name: 'database', check: () => checkStore(store) }],
    onClose,
  })
  return await app.catch(async (error: unknown) => {
    await onClose()
    throw error
  })
}

interface SetupParts {
  config: MigrationsConfig
  store: Store
  sources: ConnectionSources
  applicationName: string
  log: WorkerLog
}

function toSetup({ config, ...parts }: SetupParts): WorkerSetup {
  return {
    ...parts,
    leaseMs: config.LEASE_MS,
    pollMs: config.POLL_MS,
    planTimeoutMs: config.PLAN_TIMEOUT_MS,
    runsParallel: config.RUNS_PARALLEL,
    scratchFolder: config.SCRATCH_FOLDER,
  }
}

function startWorkers(setup: WorkerSetup): Worker[] {
  return [
    startPlanner(setup),
    startExecutor(setup),
    startFleetRoller(setup),
    startDriftWatcher(setup),
    startPruner(setup),
  ]
}

/** The broker is not asked: what cannot be told to others yet waits in the outbox. */
async function checkStore(store: Store): Promise<string | undefined> {
  await sql`SELECT FROM migrations.runs LIMIT 1`.execute(store)
  return undefined
}
