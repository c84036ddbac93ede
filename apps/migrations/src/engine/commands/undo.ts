import type { Step } from '../plan/step.ts'
import { Problem, problems } from '../problem.ts'
import { type Run, readRuns } from '../run/journal.ts'
import { sqlOf } from '../run/run-step.ts'
import type { UndoOutcome } from './outcomes.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

export interface UndoOptions {
  /** Takes back every run after the one that applied this migration; without it the latest. */
  to?: string
  dryRun: boolean
  maxLockMs: number
}

/** Takes back the run whose window is open, that was cut off, or that ended without a contract phase. */
export async function undo(target: Target, options: UndoOptions): Promise<UndoOutcome> {
  return await withRunner(target, options, async (runner) => {
    const run = findUndoable(await readRuns(runner.client))
    if (run === undefined || run.plan.migrations.some(({ id }) => id === options.to)) {
      throw new Problem(
        problems.nothingToUndo,
        'no run has its window open, was cut off, or ended without a contract phase',
      )
    }
    if (run.state === 'contracting') {
      throw new Problem(problems.nothingToUndo, 'the contract phase has begun', {
        hint: 'run freehold migrate complete to end it',
      })
    }
    const outcome = { migrations: run.plan.migrations.map(({ id }) => id), steps: stepsToUndo(run) }
    if (options.dryRun) {
      return { outcome: 'dryRun', ...outcome }
    }
    await runner.undoRun(run)
    return { outcome: 'undone', ...outcome }
  })
}

/** Returns the latest run if it is still before its contract phase, or has none. */
function findUndoable(runs: Run[]): Run | undefined {
  const latest = runs.find((run) => run.state !== 'undone' && run.state !== 'failed')
  const hasContract = latest?.plan.steps.some((step) => step.phase === 'contract') ?? false
  const isEnded = latest?.state === 'done' && (hasContract || latest.plan.mode === 'asWritten')
  return isEnded ? undefined : latest
}

function stepsToUndo(run: Run): UndoOutcome['steps'] {
  const done = run.plan.steps.filter((step) => {
    const state = run.steps.get(step.id)?.state
    return state === 'applied' || state === 'running'
  })
  return done.reverse().map((step: Step) => ({ stepId: step.id, phase: step.phase, sql: sqlOf(step.undo) }))
}
