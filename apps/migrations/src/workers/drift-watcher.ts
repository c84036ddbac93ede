import type { Worker } from '@freehold/service/events'
import { drift } from '#engine/index.ts'
import { createRedactor } from '../domain/redact.ts'
import { resolveConnection } from '../domain/resolve-connection.ts'
import { toFault } from '../domain/work-problem.ts'
import { recordDrift, takeDueDatabase } from '../store/drift.ts'
import type { DatabaseRow } from '../store/schema.ts'
import { startLoop } from './start-loop.ts'
import type { WorkerSetup } from './worker-setup.ts'

/** Starts comparing databases with what the last run left behind, each as often as it is set. */
export function startDriftWatcher(setup: WorkerSetup): Worker {
  return startLoop({
    name: 'driftWatcher',
    pollMs: setup.pollMs,
    parallelMax: 1,
    log: setup.log,
    async take(signal) {
      const database = await takeDueDatabase(setup.store)
      return database === undefined ? undefined : async () => await look(setup, database, signal)
    },
  })
}

async function look(setup: WorkerSetup, database: DatabaseRow, signal: AbortSignal): Promise<void> {
  try {
    const databaseUrl = await resolveConnection(setup.sources, database)
    const { differences, fingerprint } = await drift({
      databaseUrl,
      migrationsFolder: '',
      schema: database.schema_name,
      applicationName: setup.applicationName,
      onFact: () => {},
      signal,
    })
    await recordDrift(
      setup.store,
      database,
      createRedactor(databaseUrl)({ fingerprint, differences: differences ?? [] }),
    )
  } catch (error) {
    const { problem } = toFault(error)
    setup.log.warn(
      { err: error, databaseId: database.id, code: problem.code },
      'a database could not be looked at for drift',
    )
  }
}
