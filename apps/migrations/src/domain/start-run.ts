import { migrationsErrors, type Run, type RunRequest } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { getDatabase } from '../store/databases.ts'
import { getMigrationSet } from '../store/migration-sets.ts'
import { getPlan, insertPlan } from '../store/plans.ts'
import { insertRun, lockRun } from '../store/runs.ts'
import type { PlanRow, Store } from '../store/schema.ts'
import { followPlan } from './follow-plan.ts'

export interface RunStart extends RunRequest {
  service: string
  databaseId: string
  createdBy: string
}

/** Enters a run of what is pending on the database; throws the Problem databaseInUse where another is not at its end. */
export async function startRun(store: Store, start: RunStart): Promise<Run> {
  const { service, databaseId, migrationSetId, createdBy } = start
  await getDatabase(store, service, databaseId)
  await getMigrationSet(store, service, migrationSetId)
  const given = start.planId === undefined ? undefined : await getPlan(store, service, start.planId)
  if (given !== undefined) {
    refuseForeign(given, start)
  }
  return await store.transaction().execute(async (trx) => {
    const plan = given ?? (await insertPlan(trx, { service, databaseId, migrationSetId, createdBy }))
    const run = await insertRun(trx, {
      id: uuidv7(),
      service,
      database_id: databaseId,
      migration_set_id: migrationSetId,
      plan_id: plan.id,
      phase: start.phase,
      state: 'planning',
      not_before: start.notBefore === undefined ? null : new Date(start.notBefore),
      applied: '[]',
      created_by: createdBy,
    })
    return given === undefined ? run : await followPlan(trx, await lockRun(trx, run.id), plan)
  })
}

function refuseForeign(plan: PlanRow, start: RunStart): void {
  const isOwn = plan.database_id === start.databaseId && plan.migration_set_id === start.migrationSetId
  if (isOwn && (plan.state === 'made' || plan.state === 'nothingPending')) {
    return
  }
  throw new Problem(migrationsErrors.planNotUsable, {
    detail: isOwn ? `the plan is ${plan.state}` : 'the plan is for another database or another migration set',
  })
}
