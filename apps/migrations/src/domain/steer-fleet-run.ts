import { type FleetRun, migrationsErrors } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { readDatabase } from '../store/databases.ts'
import { getFleetRun, lockFleetRun, transitionFleetRun } from '../store/fleet-runs.ts'
import { lockRun, transitionRun } from '../store/runs.ts'
import type { FleetRunRow, RunRow, Store } from '../store/schema.ts'
import { startOf } from './follow-plan.ts'

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

/** Does the work on each run of the fleet whose window is open, in the order of their ids; returns how many those are. */
async function eachOpenWindow(
  trx: Store,
  fleet: FleetRunRow,
  work: (run: RunRow) => Promise<unknown>,
): Promise<number> {
  const rows = await trx
    .selectFrom('runs')
    .select('id')
    .where('fleet_run_id', '=', fleet.id)
    .where('state', '=', 'windowOpen')
    .orderBy('id')
    .execute()
  let found = 0
  for (const { id } of rows) {
    const run = await lockRun(trx, id)
    // Somebody may have asked for it alone since it was read.
    if (run.state === 'windowOpen') {
      await work(run)
      found += 1
    }
  }
  return found
}

/** Asks for the contract phase of each run whose window is open, each in its database’s maintenance windows. */
export const completeFleetRun = steering(async (trx, fleet) => {
  const found = await eachOpenWindow(trx, fleet, async (run) => {
    const startsAt = startOf({ not_before: null }, await readDatabase(trx, run.database_id))
    await transitionRun(trx, run, { to: 'contractQueued', change: { starts_at: startsAt } })
  })
  if (found === 0) {
    throw nothingOpen()
  }
})

/** Takes back each run whose window is open; what is not begun is not begun any more. */
export const undoFleetRun = steering(async (trx, fleet) => {
  const isMoving = fleet.state !== 'completed' && fleet.state !== 'stopped' && fleet.state !== 'stopping'
  if (isMoving) {
    await transitionFleetRun(trx, fleet, 'stopping')
  }
  const found = await eachOpenWindow(
    trx,
    fleet,
    async (run) => await transitionRun(trx, run, { to: 'undoing', change: { starts_at: new Date() } }),
  )
  if (found === 0 && !isMoving) {
    throw nothingOpen()
  }
})

function nothingOpen(): Problem {
  return new Problem(migrationsErrors.fleetRunNotInState, { detail: 'none of its runs has its window open' })
}
