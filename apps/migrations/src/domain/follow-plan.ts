// What a plan means for a run that waited for it.

import type { Run, WorkProblem } from '@freehold/contracts-migrations'
import { problems } from '#engine/index.ts'
import { readDatabase } from '../store/databases.ts'
import { transitionRun } from '../store/runs.ts'
import type { DatabaseRow, PlanRow, RunRow, Store } from '../store/schema.ts'
import { findNextOpening } from './maintenance-windows.ts'

/** Puts a locked run where its finished plan leads: to a person, into the queue, or to its end. */
export async function followPlan(trx: Store, run: RunRow, plan: PlanRow): Promise<Run> {
  if (plan.state === 'failed') {
    return await transitionRun(trx, run, { to: 'failed', change: toProblemChange(plan.problem) })
  }
  if (plan.state === 'nothingPending') {
    return await transitionRun(trx, run, { to: 'completed', detail: 'nothing is pending' })
  }
  const refusal = findRefusal(plan)
  if (refusal !== undefined) {
    return await transitionRun(trx, run, { to: 'failed', change: toProblemChange(refusal) })
  }
  const database = await readDatabase(trx, run.database_id)
  const change = { plan_id: plan.id }
  if (needsPerson(plan, database) && !(await isApproved(trx, run, plan))) {
    return await transitionRun(trx, run, { to: 'awaitingApproval', change })
  }
  return await transitionRun(trx, run, { to: 'queued', change: { ...change, starts_at: startOf(run, database) } })
}

/** Returns when the run may start: in a maintenance window, and not before it was asked to. */
export function startOf(run: Pick<RunRow, 'not_before'>, database: Pick<DatabaseRow, 'windows'>): Date {
  const now = new Date()
  const from = run.not_before !== null && run.not_before > now ? run.not_before : now
  return findNextOpening(database.windows, from)
}

/** Tells whether the plan has steps that can be carried out. */
export function isRunnable(plan: PlanRow): boolean {
  return plan.state === 'made' && findRefusal(plan) === undefined
}

function needsPerson(plan: PlanRow, database: DatabaseRow): boolean {
  return database.approval === 'always' || plan.destructive.length > 0
}

/** The word of a person is for the plan's content: it holds for every run of the fleet that carries out the same. */
async function isApproved(trx: Store, run: RunRow, plan: PlanRow): Promise<boolean> {
  const found = await trx
    .selectFrom('approvals')
    .innerJoin('runs', 'runs.id', 'approvals.run_id')
    .select('approvals.id')
    .where('approvals.decision', '=', 'approved')
    .where('approvals.content_hash', '=', plan.content_hash ?? '')
    .where((or) =>
      or.or([
        or('runs.id', '=', run.id),
        ...(run.fleet_run_id === null ? [] : [or('runs.fleet_run_id', '=', run.fleet_run_id)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

function findRefusal(plan: PlanRow): WorkProblem | undefined {
  const refusals = (plan.document?.['refusals'] ?? []) as {
    migrationId: string
    line: number
    reason: string
    sqlstate?: string | null
  }[]
  const [first] = refusals
  if (first === undefined) {
    return undefined
  }
  return {
    code: problems.planRefused.code,
    detail: `a statement of ${first.migrationId} cannot be run: nothing was changed`,
    hint: 'the plan shows every refusal',
    sqlstate: first.sqlstate ?? null,
    migrationId: first.migrationId,
    lines: refusals.slice(0, 20).map(({ migrationId, line, reason }) => `${migrationId}:${line}  ${reason}`),
  }
}

function toProblemChange(problem: WorkProblem | null) {
  return { problem: problem === null ? null : JSON.stringify(problem) }
}
