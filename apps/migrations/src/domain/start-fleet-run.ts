import { type FleetRun, type FleetRunRequest, migrationsErrors } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { v7 as uuidv7 } from 'uuid'
import { getFleetRun, insertFleetRun } from '../store/fleet-runs.ts'
import { getMigrationSet } from '../store/migration-sets.ts'
import { insertPlan } from '../store/plans.ts'
import { insertRun } from '../store/runs.ts'
import type { Store } from '../store/schema.ts'

const databasesMax = 1000

export interface FleetStart extends FleetRunRequest {
  service: string
  createdBy: string
}

/** Enters one run a database, the canary’s ready to be planned and the others held; all of them or none. */
export async function startFleetRun(store: Store, start: FleetStart): Promise<FleetRun> {
  const { service, migrationSetId, phase, createdBy } = start
  await getMigrationSet(store, service, migrationSetId)
  const { canaryId, ids } = await chooseDatabases(store, start)
  const fleetRunId = uuidv7()
  await store.transaction().execute(async (trx) => {
    await insertFleetRun(
      trx,
      {
        id: fleetRunId,
        service,
        migration_set_id: migrationSetId,
        phase,
        canary_database_id: canaryId,
        parallel_max: start.parallelMax,
        state: 'canary',
        created_by: createdBy,
      },
      ids.length,
    )
    for (const databaseId of ids) {
      const isCanary = databaseId === canaryId
      const plan = isCanary ? await insertPlan(trx, { service, databaseId, migrationSetId, createdBy }) : undefined
      await insertRun(trx, {
        id: uuidv7(),
        service,
        database_id: databaseId,
        migration_set_id: migrationSetId,
        plan_id: plan?.id ?? null,
        fleet_run_id: fleetRunId,
        phase,
        state: isCanary ? 'planning' : 'held',
        applied: '[]',
        created_by: createdBy,
      })
    }
  })
  return await getFleetRun(store, service, fleetRunId)
}

/** Returns the databases with the canary first; throws the Problem fleetInvalid where they do not hold together. */
async function chooseDatabases(store: Store, start: FleetStart): Promise<{ canaryId: string; ids: string[] }> {
  const rows = await store
    .selectFrom('databases')
    .select('id')
    .where('service', '=', start.service)
    .where('removed_at', 'is', null)
    .orderBy('name')
    .execute()
  const known = rows.map(({ id }) => id)
  const chosen = start.databaseIds ?? known
  const strangers = chosen.filter((id) => !known.includes(id))
  const canaryId = start.canaryDatabaseId ?? chosen[0]
  const fault =
    canaryId === undefined
      ? 'the service has no database'
      : chosen.length > databasesMax
        ? `a fleet run has at most ${databasesMax} databases`
        : new Set(chosen).size < chosen.length
          ? 'a database is named twice'
          : strangers.length > 0
            ? `the service has no database ${strangers.slice(0, 3).join(', ')}`
            : chosen.includes(canaryId)
              ? undefined
              : 'the canary is not among the databases'
  if (fault !== undefined || canaryId === undefined) {
    throw new Problem(migrationsErrors.fleetInvalid, { detail: fault })
  }
  return { canaryId, ids: [canaryId, ...chosen.filter((id) => id !== canaryId)] }
}
