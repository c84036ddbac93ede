import { Problem, problems } from '../problem.ts'
import { toSummary } from '../run/journal.ts'
import type { DeployOutcome } from './outcomes.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

/** Carries out the contract phase of the run whose window is open. */
export async function complete(target: Target, options: { maxLockMs: number }): Promise<DeployOutcome> {
  return await withRunner(target, options, async (runner) => {
    const run = await runner.findOpenRun()
    if (run === undefined) {
      return { outcome: 'nothingPending', applied: [], plan: null, run: null, warnings: [] }
    }
    if (run.state === 'running' || run.state === 'undoing') {
      const what = run.state === 'running' ? 'deploy' : 'undo'
      throw new Problem(problems.windowOpen, `the ${what} of ${run.startedAt} was cut off and is not at its end`, {
        hint: `run freehold migrate ${what} again first`,
      })
    }
    await runner.runPhases(run, ['contract'], { takeBack: 'phase' })
    const applied = run.plan.migrations.map(({ id }) => id)
    return { outcome: 'done', applied, plan: run.plan, run: toSummary(run), warnings: [] }
  })
}
