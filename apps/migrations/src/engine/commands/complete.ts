import { Problem, problems } from '../problem.ts'
import { toSummary } from '../run/journal.ts'
import type { RunSummary } from './outcomes.ts'
import type { Target } from './target.ts'
import { withRunner } from './with-runner.ts'

/** Carries out the contract phase of the run whose window is open. Returns null where none is. */
export async function complete(target: Target, options: { maxLockMs: number }): Promise<RunSummary | null> {
  return await withRunner(target, options, async (runner) => {
    const run = await runner.findOpenRun()
    if (run === undefined) {
      return null
    }
    if (run.state === 'running' || run.state === 'undoing') {
      const what = run.state === 'running' ? 'deploy' : 'undo'
      throw new Problem(problems.windowOpen, `the ${what} of ${run.startedAt} was cut off and is not at its end`, {
        hint: `run freehold migrate ${what} again first`,
      })
    }
    await runner.runPhases(run, ['contract'], { takeBack: 'phase' })
    return toSummary(run)
  })
}
