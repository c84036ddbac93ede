import type { Worker } from '@freehold/service/events'
import { advanceFleetRun } from '../domain/advance-fleet-run.ts'
import { movingFleetStates } from '../domain/fleet-run-states.ts'
import { listFleetRunIds } from '../store/fleet-runs.ts'
import { startLoop } from './start-loop.ts'
import type { WorkerSetup } from './worker-setup.ts'

/** Starts taking fleet runs from the canary to their end. */
export function startFleetRoller({ store, pollMs, log }: WorkerSetup): Worker {
  return startLoop({
    name: 'fleetRoller',
    pollMs,
    parallelMax: 1,
    log,
    async take() {
      let changed = false
      for (const id of await listFleetRunIds(store, movingFleetStates)) {
        changed = (await advanceFleetRun(store, id)) || changed
      }
      return changed ? async () => {} : undefined
    },
  })
}
