import {
  type FleetRun,
  type FleetRunState,
  fleetRunEvents,
  migrationsErrors,
  type RunState,
} from '@freehold/contracts-migrations'
import { type PageRequest, Problem, parseIdCursor, toPage } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import type { Insertable, Updateable } from 'kysely'
import type { FleetMember } from '../domain/decide-fleet.ts'
import { canFleetFollow } from '../domain/fleet-run-states.ts'
import type { FleetRunRow, FleetRunsTable, Store } from './schema.ts'

function toFleetRun(row: FleetRunRow, runs: Record<string, number>): FleetRun {
  return {
    id: row.id,
    service: row.service,
    migrationSetId: row.migration_set_id,
    phase: row.phase,
    canaryDatabaseId: row.canary_database_id,
    parallelMax: row.parallel_max,
    state: row.state,
    runs,
    problem: row.problem,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}

async function countRuns(store: Store, ids: string[]): Promise<Map<string, Record<string, number>>> {
  const rows =
    ids.length === 0
      ? []
      : await store
          .selectFrom('runs')
          .select((select) => ['fleet_run_id', 'state', select.fn.countAll<string>().as('count')])
          .where('fleet_run_id', 'in', ids)
          .groupBy(['fleet_run_id', 'state'])
          .execute()
  const counts = new Map<string, Record<string, number>>()
  for (const { fleet_run_id: id, state, count } of rows) {
    counts.set(id as string, { ...counts.get(id as string), [state]: Number(count) })
  }
  return counts
}

/** Returns the service's fleet run; throws the Problem fleetRunNotFound. */
export async function getFleetRun(store: Store, service: string, id: string): Promise<FleetRun> {
  const row = await store
    .selectFrom('fleet_runs')
    .selectAll()
    .where('id', '=', id)
    .where('service', '=', service)
    .executeTakeFirst()
  if (row === undefined) {
    throw new Problem(migrationsErrors.fleetRunNotFound, { detail: `${service} has no fleet run with the id ${id}` })
  }
  return toFleetRun(row, (await countRuns(store, [id])).get(id) ?? {})
}

/** Lists the service's fleet runs, the latest first. */
export async function listFleetRuns(store: Store, service: string, page: PageRequest) {
  let query = store
    .selectFrom('fleet_runs')
    .selectAll()
    .where('service', '=', service)
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  const cursor = parseIdCursor(page.cursor)
  if (cursor !== undefined) {
    query = query.where('id', '<', cursor)
  }
  const rows = await query.execute()
  const counts = await countRuns(
    store,
    rows.map(({ id }) => id),
  )
  return toPage(
    rows,
    page.limit,
    ({ id }) => id,
    (row) => toFleetRun(row, counts.get(row.id) ?? {}),
  )
}

/** Enters a fleet run and tells of it. */
export async function insertFleetRun(trx: Store, values: Insertable<FleetRunsTable>, databases: number): Promise<void> {
  const row = await trx.insertInto('fleet_runs').values(values).returningAll().executeTakeFirstOrThrow()
  await publishFleetRun(trx, row, databases)
}

/** Returns the fleet run's row, locked; undefined when another worker has it. */
export async function lockFleetRun(trx: Store, id: string, how: 'wait' | 'skip'): Promise<FleetRunRow | undefined> {
  const query = trx.selectFrom('fleet_runs').selectAll().where('id', '=', id).forUpdate()
  return await (how === 'skip' ? query.skipLocked() : query).executeTakeFirst()
}

/** Returns ids of fleet runs in these states, the oldest first. */
export async function listFleetRunIds(store: Store, states: readonly FleetRunState[]): Promise<string[]> {
  const rows = await store.selectFrom('fleet_runs').select('id').where('state', 'in', states).orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** Returns the runs of the fleet in the order in which they are begun. */
export async function readFleetMembers(trx: Store, id: string): Promise<(FleetMember & { planId: string | null })[]> {
  const rows = await trx
    .selectFrom('runs')
    .select(['id', 'database_id', 'state', 'problem', 'plan_id'])
    .where('fleet_run_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    databaseId: row.database_id,
    state: row.state satisfies RunState,
    problem: row.problem,
    planId: row.plan_id,
  }))
}

/** Puts a locked fleet run into another state and tells of it; throws the Problem fleetRunNotInState where the states do not follow. */
export async function transitionFleetRun(
  trx: Store,
  fleet: FleetRunRow,
  to: FleetRunState,
  change: Updateable<FleetRunsTable> = {},
): Promise<void> {
  if (!canFleetFollow(fleet.state, to)) {
    throw new Problem(migrationsErrors.fleetRunNotInState, {
      detail: `the fleet run is ${fleet.state}, from which it cannot become ${to}`,
    })
  }
  const isEnd = to === 'completed' || to === 'stopped'
  const row = await trx
    .updateTable('fleet_runs')
    .set({ state: to, resumes_to: null, finished_at: isEnd ? new Date() : null, ...change })
    .where('id', '=', fleet.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  const counts = (await countRuns(trx, [fleet.id])).get(fleet.id) ?? {}
  await publishFleetRun(
    trx,
    row,
    Object.values(counts).reduce((sum, count) => sum + count, 0),
  )
}

async function publishFleetRun(trx: Store, row: FleetRunRow, databases: number): Promise<void> {
  const { runs: _runs, ...fact } = toFleetRun(row, {})
  await publishEvent(trx, fleetRunEvents[row.state], row.id, { ...fact, databases })
}
