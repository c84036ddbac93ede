import type { Worker } from '@freehold/service/events'
import { workedStates } from '../domain/run-states.ts'
import { leaseRun } from '../store/leases.ts'
import { advanceRun } from './advance-run.ts'
import { removeStaleFolders } from './migrations-folder.ts'
import { startLoop } from './start-loop.ts'
import type { WorkerSetup } from './worker-setup.ts'

/** Starts carrying out runs: each process some at a time, each run by one process at a time. */
export function startExecutor(setup: WorkerSetup): Worker {
  const terms = { holder: setup.applicationName, leaseMs: setup.leaseMs }
  removeStaleFolders(setup.scratchFolder).catch((error: unknown) =>
    setup.log.warn({ err: error }, 'folders that killed workers left could not be removed'),
  )
  return startLoop({
    name: 'executor',
    pollMs: setup.pollMs,
    parallelMax: setup.runsParallel,
    log: setup.log,
    async take(shutdown) {
      const run = await leaseRun(setup.store, terms, workedStates)
      return run === undefined ? undefined : async () => await advanceRun(setup, run, shutdown)
    },
  })
}
