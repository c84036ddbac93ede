// What a run's state means in calls of the engine. Each may be made again after it was cut off anywhere.

import {
  complete,
  type DeployOutcome,
  deploy,
  history,
  type OnFact,
  type Plan,
  Problem,
  problems,
  type RunSummary,
  undo,
} from '#engine/index.ts'
import { whyPlanDoesNotFit } from '../domain/fits-plan.ts'
import type { PlanRow, RunRow } from '../store/schema.ts'

/** The database and the folder that the engine works on. */
export interface EngineCall {
  databaseUrl: string
  migrationsFolder: string
  schema: string
  applicationName: string
}

/** How the work on a run ended well. */
export type RunResult =
  | { next: 'windowOpen' | 'completed' | 'undone'; applied: string[]; engineRunId: string | null }
  | { next: 'planning'; detail: string }

export interface RunWork {
  run: RunRow
  plan: PlanRow | undefined
  maxLockMs: number
  signal: AbortSignal
}

/** Does what the run's state asks for. */
export async function workOn(call: EngineCall, work: RunWork, onFact: OnFact): Promise<RunResult> {
  const target = { ...call, onFact, signal: work.signal }
  const { run, plan, maxLockMs } = work
  if (run.state === 'undoing') {
    return await takeBack(target, work)
  }
  if (run.state === 'contracting' && run.phase === 'expand') {
    return await toResult(call, work, await complete(target, { maxLockMs }))
  }
  const isForeign = plan !== undefined && plan.database_id !== run.database_id
  const unfit = isForeign ? await whyPlanDoesNotFit(toEnginePlan(plan), call) : undefined
  if (unfit !== undefined && (await findJournalRun(call, run, plan)) === undefined) {
    return { next: 'planning', detail: unfit }
  }
  const given = plan === undefined || plan.document === null ? {} : { plan: toEnginePlan(plan) }
  const outcome = await deploy(target, { phase: run.phase, completePrevious: false, maxLockMs, ...given })
  return await toResult(call, work, outcome)
}

function toEnginePlan(plan: PlanRow): Plan {
  return plan.document as unknown as Plan
}

async function toResult(call: EngineCall, { run, plan }: RunWork, outcome: DeployOutcome): Promise<RunResult> {
  const next = outcome.outcome === 'windowOpen' ? 'windowOpen' : 'completed'
  if (outcome.outcome !== 'nothingPending') {
    return { next, applied: outcome.applied, engineRunId: outcome.run?.runId ?? null }
  }
  // Either there was nothing to do, or a worker that did it was cut off before it could say so.
  const found = await findJournalRun(call, run, plan)
  return { next, applied: found?.migrations ?? run.applied, engineRunId: found?.runId ?? null }
}

/** Takes back the run's own work, and never that of an earlier run, whoever asks how often. */
async function takeBack(
  target: EngineCall & { onFact: OnFact; signal: AbortSignal },
  work: RunWork,
): Promise<RunResult> {
  const { run, plan, maxLockMs } = work
  const own = await findJournalRun(target, run, plan)
  if (own === undefined || own.state === 'undone' || own.state === 'failed') {
    return { next: 'undone', applied: [], engineRunId: own?.runId ?? null }
  }
  const latest = (await history(target)).find(({ state }) => state !== 'undone' && state !== 'failed')
  if (latest?.runId !== own.runId) {
    throw new Problem(problems.nothingToUndo, `a later run (${latest?.runId}) stands on this one`)
  }
  await undo(target, { dryRun: false, maxLockMs })
  return { next: 'undone', applied: [], engineRunId: own.runId }
}

/** Returns what the journal in the database has of the run: by its id where it is known, else by what it applies. */
export async function findJournalRun(
  call: EngineCall,
  run: Pick<RunRow, 'engine_run_id'>,
  plan: PlanRow | undefined,
): Promise<RunSummary | undefined> {
  const runs = await history({ ...call, onFact: () => {}, signal: new AbortController().signal })
  if (run.engine_run_id !== null) {
    return runs.find(({ runId }) => runId === run.engine_run_id)
  }
  const planned = plan?.document === undefined || plan.document === null ? [] : toEnginePlan(plan).migrations
  const ids = planned.map(({ id }) => id).join('\n')
  // Of several that apply the same, all but the latest are taken back.
  return ids === '' ? undefined : runs.find(({ migrations }) => migrations.join('\n') === ids)
}
