import type { Action, Step } from '../plan/step.ts'
import { Problem, problems } from '../problem.ts'
import type { Run } from '../run/journal.ts'
import type { UndoOutcome } from './outcomes.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

export interface UndoOptions {
  /** Takes back every run after the one that applied this migration; without it the latest. */
  to?: string
  dryRun: boolean
  maxLockMs: number
}

/** Takes the run whose window is open back, or the one that was cut off. */
export async function undo(target: Target, options: UndoOptions): Promise<UndoOutcome> {
  return await withRunner(target, options, async (runner) => {
    const run = await runner.findOpenRun()
    if (run === undefined || run.plan.migrations.some(({ id }) => id === options.to)) {
      throw new Problem(problems.nothingToUndo, 'no run has its window open or was cut off')
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

function stepsToUndo(run: Run): UndoOutcome['steps'] {
  const done = run.plan.steps.filter((step) => {
    const state = run.steps.get(step.id)?.state
    return state === 'applied' || state === 'running'
  })
  return done.reverse().map((step: Step) => ({ stepId: step.id, phase: step.phase, sql: sqlOf(step.undo) }))
}

function sqlOf(action: Action): string[] {
  switch (action.kind) {
    case 'transaction':
      return action.sql
    case 'concurrent':
      return [action.sql]
    case 'batch':
      return [...action.before, ...action.sql, ...action.after]
    default:
      return []
  }
}
