import { lockFleetRun, readFleetMembers, transitionFleetRun } from '../store/fleet-runs.ts'
import { findPlan, insertPlan } from '../store/plans.ts'
import { lockRun, transitionRun } from '../store/runs.ts'
import type { FleetRunRow, PlanRow, Store } from '../store/schema.ts'
import { decideFleet } from './decide-fleet.ts'
import { followPlan, isRunnable } from './follow-plan.ts'

/** Takes the fleet run one decision further; does nothing while another worker does so. Returns whether anything changed. */
export async function advanceFleetRun(store: Store, id: string): Promise<boolean> {
  return await store.transaction().execute(async (trx) => {
    const fleet = await lockFleetRun(trx, id, 'skip')
    if (fleet === undefined) {
      return false
    }
    const members = await readFleetMembers(trx, id)
    const decision = decideFleet(
      { state: fleet.state, canaryDatabaseId: fleet.canary_database_id, parallelMax: fleet.parallel_max },
      members,
    )
    for (const runId of decision.cancel) {
      await cancelUnbegun(trx, runId)
    }
    if (decision.release.length > 0) {
      const canary = members.find(({ databaseId }) => databaseId === fleet.canary_database_id)
      const plan = canary?.planId == null ? undefined : await findPlan(trx, canary.planId)
      for (const runId of decision.release) {
        await releaseRun(trx, fleet, runId, plan)
      }
    }
    if (decision.next !== undefined) {
      const problem = decision.problem === undefined ? {} : { problem: JSON.stringify(decision.problem) }
      await transitionFleetRun(trx, fleet, decision.next, problem)
    }
    return decision.next !== undefined || decision.release.length + decision.cancel.length > 0
  })
}

async function cancelUnbegun(trx: Store, runId: string): Promise<void> {
  const run = await lockRun(trx, runId)
  // A worker may have begun it since it was read.
  if (['held', 'planning', 'awaitingApproval', 'queued'].includes(run.state)) {
    await transitionRun(trx, run, { to: 'cancelled', detail: 'the fleet run stops' })
  }
}

/** Lets a held run go: with the canary’s plan, which fits a database of the same schema, or to be planned for itself. */
async function releaseRun(trx: Store, fleet: FleetRunRow, runId: string, plan: PlanRow | undefined): Promise<void> {
  const run = await lockRun(trx, runId)
  if (run.state !== 'held') {
    return
  }
  if (plan !== undefined && isRunnable(plan)) {
    await followPlan(trx, run, plan)
    return
  }
  const own = await insertPlan(trx, {
    service: run.service,
    databaseId: run.database_id,
    migrationSetId: run.migration_set_id,
    createdBy: fleet.created_by,
  })
  await transitionRun(trx, run, { to: 'planning', change: { plan_id: own.id } })
}
