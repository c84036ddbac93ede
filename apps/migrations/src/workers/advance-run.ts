// One attempt at a run that this worker holds. What is done is asked of the journal in the database itself, so that an
// attempt may be cut off at any moment and made again by anybody.

import type { RunState } from '@freehold/contracts-migrations'
import type { RunSummary } from '#engine/index.ts'
import { decideAfter, type Ending } from '../domain/decide-after.ts'
import { startOf } from '../domain/follow-plan.ts'
import { createRedactor } from '../domain/redact.ts'
import { resolveConnection } from '../domain/resolve-connection.ts'
import { type Fault, toFault } from '../domain/work-problem.ts'
import { readDatabase } from '../store/databases.ts'
import { type Lease, releaseLease, renewRunLease } from '../store/leases.ts'
import { readMigrationFiles } from '../store/migration-sets.ts'
import { findPlan, insertPlan } from '../store/plans.ts'
import { lockRun, type Transition, transitionRun, updateRun } from '../store/runs.ts'
import type { DatabaseRow, PlanRow, RunRow, Store } from '../store/schema.ts'
import { type EngineCall, findJournalRun, type RunResult, workOn } from './engine-call.ts'
import { withMigrationsFolder } from './migrations-folder.ts'
import { recordFacts } from './record-facts.ts'
import { type LeaseWatch, watchLease } from './watch-lease.ts'
import { failuresMax, pauseAfter, type WorkerSetup } from './worker-setup.ts'

/** Carries the run on until it rests, its lease is lost, or the process is to end. */
export async function advanceRun(setup: WorkerSetup, leased: RunRow, shutdown: AbortSignal): Promise<void> {
  const { store, leaseMs } = setup
  const lease: Lease = { id: leased.id, epoch: leased.lease_epoch }
  const renew = async () => await renewRunLease(store, lease, leaseMs)
  const watch = watchLease({ leaseMs, shutdown, renew })
  try {
    const database = await readDatabase(store, leased.database_id)
    const run = await withLease(store, lease, async (trx, row) => await enter(trx, row, database))
    if (run !== undefined) {
      await attempt(setup, { run, database, lease, watch })
    }
  } finally {
    watch.close()
  }
}

/** Does the work on the locked row if the lease still holds; what it returns, else undefined. */
async function withLease<T>(
  store: Store,
  lease: Lease,
  work: (trx: Store, run: RunRow) => Promise<T>,
): Promise<T | undefined> {
  return await store.transaction().execute(async (trx) => {
    const run = await lockRun(trx, lease.id)
    return run.lease_epoch === lease.epoch ? await work(trx, run) : undefined
  })
}

/** Begins what waits in a queue, within its windows; returns the run if there is work on it now. */
async function enter(trx: Store, run: RunRow, database: DatabaseRow): Promise<RunRow | undefined> {
  const waiting: Partial<Record<RunState, RunState>> = { queued: 'expanding', contractQueued: 'contracting' }
  const begun = waiting[run.state]
  if (begun === undefined) {
    const isWorked = run.state === 'expanding' || run.state === 'contracting' || run.state === 'undoing'
    return isWorked ? run : undefined
  }
  const startsAt = startOf({ not_before: run.state === 'queued' ? run.not_before : null }, database)
  if (startsAt > new Date()) {
    await updateRun(trx, run.id, { starts_at: startsAt, lease_holder: null, lease_until: null })
    return undefined
  }
  await transitionRun(trx, run, { to: begun, change: { started_at: run.started_at ?? new Date() } })
  return await lockRun(trx, run.id)
}

interface Attempt {
  run: RunRow
  database: DatabaseRow
  lease: Lease
  watch: LeaseWatch
}

async function attempt(setup: WorkerSetup, { run, database, lease, watch }: Attempt): Promise<void> {
  const { store, sources, log } = setup
  const plan = run.plan_id === null ? undefined : await findPlan(store, run.plan_id)
  let call: EngineCall | undefined
  let redact = <T>(value: T): T => value
  try {
    const databaseUrl = await resolveConnection(sources, database)
    redact = createRedactor(databaseUrl)
    const files = await readMigrationFiles(store, run.migration_set_id)
    const recorder = recordFacts({ store, runIds: [run.id], lease, redact, log })
    let contracting: Promise<unknown> = Promise.resolve()
    try {
      const result = await withMigrationsFolder(setup.scratchFolder, files, async (migrationsFolder) => {
        const { applicationName } = setup
        call = { databaseUrl, migrationsFolder, schema: database.schema_name, applicationName }
        return await workOn(call, { run, plan, maxLockMs: database.max_lock_ms, signal: watch.signal }, (fact) => {
          recorder.onFact(fact)
          if (fact.kind === 'phaseStarted' && fact.phase === 'contract') {
            contracting = withLease(store, lease, enterContract).catch((error: unknown) =>
              log.warn({ err: error, runId: run.id }, 'the contract phase was not entered on the record'),
            )
          }
        })
      })
      await Promise.all([recorder.close(), contracting])
      await settle(store, lease, result)
    } finally {
      await Promise.all([recorder.close(), contracting])
    }
  } catch (error) {
    const fault = toFault(error)
    log.warn({ err: error, runId: run.id, code: fault.problem.code }, 'an attempt at a run ended early')
    const shown = { ...fault, problem: redact(fault.problem) }
    await settleFault(setup, { run, database, lease, watch }, { fault: shown, plan, call })
  }
}

async function enterContract(trx: Store, run: RunRow): Promise<void> {
  if (run.state === 'expanding') {
    await transitionRun(trx, run, { to: 'contracting' })
  }
}

/** Enters how the work ended. A wish to cancel that came while it ended is granted where it still can be. */
async function settle(store: Store, lease: Lease, result: RunResult): Promise<void> {
  await withLease(store, lease, async (trx, run) => {
    if (result.next === 'planning') {
      await replan(trx, run, result.detail)
      return
    }
    const change = {
      applied: JSON.stringify(result.applied),
      engine_run_id: result.engineRunId ?? run.engine_run_id,
    }
    await transitionRun(trx, run, { to: result.next, change })
    if (run.requested === 'cancel' && result.next === 'windowOpen') {
      await transitionRun(trx, await lockRun(trx, run.id), { to: 'undoing', detail: 'cancelled' })
    }
  })
}

async function replan(trx: Store, run: RunRow, detail: string | null): Promise<void> {
  const plan = await insertPlan(trx, {
    service: run.service,
    databaseId: run.database_id,
    migrationSetId: run.migration_set_id,
    createdBy: run.created_by,
  })
  await transitionRun(trx, run, { to: 'planning', change: { plan_id: plan.id }, detail })
}

interface Failure {
  fault: Fault
  plan: PlanRow | undefined
  call: EngineCall | undefined
}

async function settleFault(setup: WorkerSetup, { run, lease, watch }: Attempt, failure: Failure): Promise<void> {
  const { store } = setup
  const stop = watch.reason()
  if (stop === 'shutdown' || stop === 'leaseLost') {
    await releaseLease(store, 'runs', lease, { afterMs: 0, isFailure: false })
    return
  }
  const found = await readJournal(failure, run)
  await withLease(store, lease, async (trx, row) => {
    if (row.state !== 'expanding' && row.state !== 'contracting' && row.state !== 'undoing') {
      return
    }
    const ending = endingOf(failure.fault, stop ?? (row.requested === 'pause' ? 'pause' : undefined))
    const decision = decideAfter(
      { activity: row.state, failures: row.failures, failuresMax, journal: found.state },
      ending,
    )
    const change = {
      ...(ending.kind === 'problem' ? { problem: JSON.stringify(failure.fault.problem) } : {}),
      ...(found.runId === undefined ? {} : { engine_run_id: found.runId }),
    }
    switch (decision.next) {
      case 'release':
      case 'retry':
        await updateRun(trx, row.id, change)
        await releaseLease(trx, 'runs', lease, { afterMs: pauseAfter(row.failures), isFailure: true })
        return
      case 'planning':
        await replan(trx, row, failure.fault.problem.detail)
        return
      default: {
        const resumes = decision.resumesTo === undefined ? {} : { resumes_to: decision.resumesTo }
        await transitionRun(trx, row, toTransition(decision.next, { ...change, ...resumes }, failure.fault, ending))
      }
    }
  })
}

function toTransition(to: RunState, change: Transition['change'], fault: Fault, ending: Ending): Transition {
  // The lease goes with a state in which no worker has anything to do; one that is undone now is gone on with at once.
  const lease = { lease_holder: null, lease_until: null }
  return { to, change: { ...change, ...lease }, detail: ending.kind === 'problem' ? fault.problem.detail : null }
}

function endingOf(fault: Fault, by: 'pause' | 'cancel' | undefined): Ending {
  if (by !== undefined && (fault.isStop || (by === 'pause' && fault.isPassing))) {
    return { kind: 'stopped', by }
  }
  return {
    kind: 'problem',
    code: fault.problem.code,
    isPassing: fault.isPassing || fault.isStop,
    problem: fault.problem,
  }
}

interface JournalState {
  state: RunSummary['state'] | 'none' | 'unknown'
  runId?: string
}

async function readJournal({ fault, plan, call }: Failure, run: RunRow): Promise<JournalState> {
  if (call === undefined) {
    // The database was not reached, for its connection is not known: nothing of this attempt is in it.
    return { state: run.engine_run_id === null ? 'none' : 'unknown' }
  }
  if (fault.isPassing) {
    return { state: 'unknown' }
  }
  try {
    const found = await findJournalRun(call, run, plan)
    return found === undefined ? { state: 'none' } : { state: found.state, runId: found.runId }
  } catch {
    // Whatever keeps the journal from being read, the next attempt meets it as well.
    return { state: 'unknown' }
  }
}
