// Every change of a run's state goes through transitionRun: the state, the fact that tells of it to followers and the event
// that tells of it to services are one transaction, and the row is locked from the look at the old state on.

import { type Approval, migrationsErrors, type Run, type RunState, runEvents } from '@freehold/contracts-migrations'
import { sqlstateOf, sqlstates } from '@freehold/postgres'
import { type PageRequest, Problem, parseIdCursor, toPage } from '@freehold/service'
import { publishEvent } from '@freehold/service/events'
import type { Insertable, Updateable } from 'kysely'
import { canFollow, endStates, workedStates } from '../domain/run-states.ts'
import { insertFacts } from './facts.ts'
import type { RunRow, RunsTable, Store } from './schema.ts'

type RunView = RunRow & { database_name: string } & Record<
    `approval_${'decision' | 'reason' | 'by' | 'hash' | 'at'}`,
    unknown
  >

function selectRuns(store: Store) {
  return store
    .selectFrom('runs')
    .innerJoin('databases', 'databases.id', 'runs.database_id')
    .leftJoinLateral(
      (query) =>
        query
          .selectFrom('approvals')
          .select([
            'decision as approval_decision',
            'reason as approval_reason',
            'decided_by as approval_by',
            'content_hash as approval_hash',
            'created_at as approval_at',
          ])
          .whereRef('approvals.run_id', '=', 'runs.id')
          .orderBy('id', 'desc')
          .limit(1)
          .as('approval'),
      (join) => join.onTrue(),
    )
    .selectAll('runs')
    .select('databases.name as database_name')
    .selectAll('approval')
}

function toRun(row: RunView): Run {
  return {
    id: row.id,
    service: row.service,
    databaseId: row.database_id,
    databaseName: row.database_name,
    migrationSetId: row.migration_set_id,
    planId: row.plan_id,
    fleetRunId: row.fleet_run_id,
    phase: row.phase,
    state: row.state,
    requested: row.requested,
    startsAt: row.starts_at.toISOString(),
    applied: row.applied,
    approval: toApproval(row),
    problem: row.problem,
    factsCount: row.facts_count,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}

function toApproval(row: RunView): Approval | null {
  return row.approval_at === null
    ? null
    : {
        decision: row.approval_decision as Approval['decision'],
        reason: row.approval_reason as string,
        decidedBy: row.approval_by as string,
        contentHash: row.approval_hash as string,
        at: (row.approval_at as Date).toISOString(),
      }
}

/** Returns the service's run; throws the Problem runNotFound. */
export async function getRun(store: Store, service: string, id: string): Promise<Run> {
  const row = await selectRuns(store).where('runs.id', '=', id).where('runs.service', '=', service).executeTakeFirst()
  if (row === undefined) {
    throw new Problem(migrationsErrors.runNotFound, { detail: `${service} has no run with the id ${id}` })
  }
  return toRun(row)
}

export interface RunFilter {
  databaseId?: string | undefined
  fleetRunId?: string | undefined
  state?: RunState | undefined
}

/** Lists the service's runs, the latest first. */
export async function listRuns(store: Store, service: string, filter: RunFilter, page: PageRequest) {
  let query = selectRuns(store)
    .where('runs.service', '=', service)
    .orderBy('runs.id', 'desc')
    .limit(page.limit + 1)
  const cursor = parseIdCursor(page.cursor)
  if (cursor !== undefined) {
    query = query.where('runs.id', '<', cursor)
  }
  if (filter.databaseId !== undefined) {
    query = query.where('runs.database_id', '=', filter.databaseId)
  }
  if (filter.fleetRunId !== undefined) {
    query = query.where('runs.fleet_run_id', '=', filter.fleetRunId)
  }
  if (filter.state !== undefined) {
    query = query.where('runs.state', '=', filter.state)
  }
  return toPage(await query.execute(), page.limit, ({ id }) => id, toRun)
}

/** Enters a run and tells of it; throws the Problem databaseInUse where another is not at its end. */
export async function insertRun(trx: Store, values: Insertable<RunsTable>): Promise<Run> {
  try {
    await trx
      .insertInto('runs')
      .values({ ...values, facts_count: 1 })
      .execute()
  } catch (error) {
    throw toInUse(error, values.database_id) ?? error
  }
  await insertFacts(trx, values.id, 0, [{ kind: 'stateChanged', from: null, to: values.state, detail: null }])
  return await publishRun(trx, values.id)
}

function toInUse(error: unknown, databaseId: string): Problem | undefined {
  const { constraint } = error as { constraint?: unknown }
  if (sqlstateOf(error) !== sqlstates.uniqueViolation || constraint !== 'runs_database_id_open_key') {
    return undefined
  }
  const detail = `a run of the database ${databaseId} is not at its end`
  return new Problem(migrationsErrors.databaseInUse, { detail, cause: error })
}

/** Returns the run's row, locked until the transaction ends. */
export async function lockRun(trx: Store, id: string): Promise<RunRow> {
  return await trx.selectFrom('runs').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
}

/** Returns the service's run, locked; throws the Problem runNotFound. */
export async function lockRunOf(trx: Store, service: string, id: string): Promise<RunRow> {
  await getRun(trx, service, id)
  return await lockRun(trx, id)
}

export interface Transition {
  to: RunState
  change?: Updateable<RunsTable>
  /** Said to those who follow the run. */
  detail?: string | null
}

/** Puts a locked run into another state and tells of it; throws the Problem runNotInState where the states do not follow. */
export async function transitionRun(trx: Store, run: RunRow, { to, change, detail }: Transition): Promise<Run> {
  if (!canFollow(run.state, to)) {
    throw new Problem(migrationsErrors.runNotInState, {
      detail: `the run is ${run.state}, from which it cannot become ${to}`,
    })
  }
  const isWorked = (workedStates as readonly RunState[]).includes(to)
  try {
    await trx
      .updateTable('runs')
      .set({
        state: to,
        requested: null,
        resumes_to: null,
        facts_count: run.facts_count + 1,
        finished_at: endStates.includes(to) ? new Date() : null,
        failures: 0,
        problem: null,
        ...(isWorked ? {} : { lease_holder: null, lease_until: null }),
        ...change,
      })
      .where('id', '=', run.id)
      .execute()
  } catch (error) {
    throw toInUse(error, run.database_id) ?? error
  }
  await insertFacts(trx, run.id, run.facts_count, [
    { kind: 'stateChanged', from: run.state, to, detail: detail ?? null },
  ])
  return await publishRun(trx, run.id)
}

async function publishRun(trx: Store, id: string): Promise<Run> {
  const run = toRun(await selectRuns(trx).where('runs.id', '=', id).executeTakeFirstOrThrow())
  await publishEvent(trx, runEvents[run.state], id, run)
  return run
}

/** Writes what is not a change of state. */
export async function updateRun(trx: Store, id: string, change: Updateable<RunsTable>): Promise<void> {
  await trx.updateTable('runs').set(change).where('id', '=', id).execute()
}
