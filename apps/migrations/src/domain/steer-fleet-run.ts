import { type FleetRun, migrationsErrors } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { getFleetRun, lockFleetRun, transitionFleetRun } from '../store/fleet-runs.ts'
import type { FleetRunRow, Store } from '../store/schema.ts'

/** Returns a verb on the service's fleet run, carried out while its row is locked. */
function steering(verb: (trx: Store, fleet: FleetRunRow) => Promise<void>) {
  return async (store: Store, service: string, fleetRunId: string): Promise<FleetRun> =>
    await store.transaction().execute(async (trx) => {
      await getFleetRun(trx, service, fleetRunId)
      await verb(trx, (await lockFleetRun(trx, fleetRunId, 'wait')) as FleetRunRow)
      return await getFleetRun(trx, service, fleetRunId)
    })
}

/** Begins no further database; those under way go on. */
export const pauseFleetRun = steering(
  async (trx, fleet) => await transitionFleetRun(trx, fleet, 'paused', { resumes_to: fleet.state }),
)

/** Lets a paused fleet run go on where it was. */
export const resumeFleetRun = steering(async (trx, fleet) => {
  if (fleet.state !== 'paused') {
    throw new Problem(migrationsErrors.fleetRunNotInState, { detail: `the fleet run is ${fleet.state}, not paused` })
  }
  await transitionFleetRun(trx, fleet, fleet.resumes_to ?? 'canary')
})

/** Begins no further database, and ends when those under way are at their end. */
export const cancelFleetRun = steering(async (trx, fleet) => await transitionFleetRun(trx, fleet, 'stopping'))
