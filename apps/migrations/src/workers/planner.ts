import type { WorkProblem } from '@freehold/contracts-migrations'
import type { Worker } from '@freehold/service/events'
import { plan as planPending } from '#engine/index.ts'
import { findDestructive } from '../domain/find-destructive.ts'
import { followPlan } from '../domain/follow-plan.ts'
import { createRedactor } from '../domain/redact.ts'
import { resolveConnection } from '../domain/resolve-connection.ts'
import { toFault } from '../domain/work-problem.ts'
import { readDatabase } from '../store/databases.ts'
import { type Lease, leasePlan, releaseLease, renewPlanLease } from '../store/leases.ts'
import { readMigrationFiles } from '../store/migration-sets.ts'
import { finishPlan, type PlanResult } from '../store/plans.ts'
import { lockRun } from '../store/runs.ts'
import type { PlanRow } from '../store/schema.ts'
import { withMigrationsFolder } from './migrations-folder.ts'
import { type FactRecorder, recordFacts } from './record-facts.ts'
import { startLoop } from './start-loop.ts'
import { watchLease } from './watch-lease.ts'
import { pauseAfter, type WorkerSetup } from './worker-setup.ts'

/** A plan changes nothing, so it is given up sooner than a run. */
const failuresMax = 5
/** Each plan starts a server for its shadow: more at a time only slow each other down. */
const plansParallel = 1

/** Starts making the plans that are asked for, and lets the runs that wait for them go on. */
export function startPlanner(setup: WorkerSetup): Worker {
  return startLoop({
    name: 'planner',
    pollMs: setup.pollMs,
    parallelMax: plansParallel,
    log: setup.log,
    async take(shutdown) {
      const plan = await leasePlan(setup.store, { holder: setup.applicationName, leaseMs: setup.leaseMs })
      return plan === undefined ? undefined : async () => await makePlan(setup, plan, shutdown)
    },
  })
}

async function makePlan(setup: WorkerSetup, plan: PlanRow, shutdown: AbortSignal): Promise<void> {
  const { store, leaseMs, log } = setup
  const lease: Lease = { id: plan.id, epoch: plan.lease_epoch }
  if (plan.failures >= failuresMax) {
    log.warn({ planId: plan.id, code: workersLost.code }, 'a plan was given up')
    await finish(setup, lease, { ...nothing, state: 'failed', problem: workersLost })
    return
  }
  const watch = watchLease({ leaseMs, shutdown, renew: async () => await renewPlanLease(store, lease, leaseMs) })
  try {
    const result = await askEngine(setup, plan, watch.signal)
    await finish(setup, lease, result)
  } catch (error) {
    if (watch.reason() !== undefined) {
      await releaseLease(store, 'plans', lease, { afterMs: 0, isFailure: false })
      return
    }
    const { problem, isPassing } = toFault(error)
    log.warn({ err: error, planId: plan.id, code: problem.code }, 'a plan was not made')
    if (isPassing && plan.failures + 1 < failuresMax) {
      await releaseLease(store, 'plans', lease, { afterMs: pauseAfter(plan.failures), isFailure: true })
      return
    }
    await finish(setup, lease, { ...nothing, state: 'failed', problem })
  } finally {
    watch.close()
  }
}

const nothing: PlanResult = {
  state: 'nothingPending',
  document: null,
  contentHash: null,
  destructive: [],
  warnings: [],
  problem: null,
}

const workersLost: WorkProblem = {
  code: 'FHD_MIGRATIONS_WORKERS_LOST',
  detail: `${failuresMax} attempts at the plan failed, the last because its worker ended in the middle of it`,
  hint: 'see in the logs of the workers what ended them (memory, for instance); then ask for the plan again',
  sqlstate: null,
  migrationId: null,
  lines: [],
}

async function askEngine(setup: WorkerSetup, row: PlanRow, signal: AbortSignal): Promise<PlanResult> {
  const { store, sources, applicationName, log } = setup
  const database = await readDatabase(store, row.database_id)
  const databaseUrl = await resolveConnection(sources, database)
  const redact = createRedactor(databaseUrl)
  const files = await readMigrationFiles(store, row.migration_set_id)
  const waiting = await store
    .selectFrom('runs')
    .select('id')
    .where('plan_id', '=', row.id)
    .where('state', '=', 'planning')
    .execute()
  const recorder: FactRecorder = recordFacts({ store, runIds: waiting.map(({ id }) => id), redact, log })
  try {
    const { plan, warnings } = await withMigrationsFolder(setup.scratchFolder, files, async (migrationsFolder) =>
      planPending({
        databaseUrl,
        migrationsFolder,
        schema: database.schema_name,
        applicationName,
        planTimeoutMs: setup.planTimeoutMs,
        onFact: (fact) => recorder.onFact(fact),
        signal,
      }),
    )
    if (plan === null) {
      return { ...nothing, warnings }
    }
    return {
      state: 'made',
      document: redact(plan) as unknown as Record<string, unknown>,
      contentHash: plan.contentHash,
      destructive: findDestructive(
        plan,
        files.map(({ sql }) => sql),
      ),
      warnings: redact([...warnings, ...plan.warnings]),
      problem: null,
    }
  } finally {
    await recorder.close()
  }
}

/** Enters the plan and moves every run that waits for it, in one transaction. */
async function finish({ store }: WorkerSetup, lease: Lease, result: PlanResult): Promise<void> {
  await store.transaction().execute(async (trx) => {
    const plan = await finishPlan(trx, lease, result)
    if (plan === undefined) {
      return
    }
    const waiting = await trx
      .selectFrom('runs')
      .select('id')
      .where('plan_id', '=', plan.id)
      .where('state', '=', 'planning')
      .orderBy('id')
      .execute()
    for (const { id } of waiting) {
      const run = await lockRun(trx, id)
      if (run.state === 'planning') {
        await followPlan(trx, run, plan)
      }
    }
  })
}
