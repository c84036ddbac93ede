/** Runs a statement that has its own transactions: whether it is done is asked of the database, never remembered. */
import { sqlstateOf } from '@freehold/postgres'
import type { ConcurrentAction } from '../plan/step.ts'
import { isDone } from './execute-plainly.ts'
import { type Direction, noteStep, type Run, type StepRow, setStep, stepChangeSql } from './journal.ts'
import { assertEpoch, epochSql } from './lease.ts'
import { conflictsMax } from './limits.ts'
import { allowPatience } from './patience.ts'
import { pause, withJitter } from './pause.ts'
import { isConflict, type RunContext } from './run-context.ts'
import { StepError } from './step-error.ts'

// duplicate_table and duplicate_object: what stands there under the name is not this statement's.
const nameTaken: readonly (string | undefined)[] = ['42P07', '42710']

/** Runs the statement, or finds that an earlier attempt has done it; ends with the step entered as `end`. */
export async function runConcurrent(
  context: RunContext,
  run: Run,
  row: StepRow,
  action: ConcurrentAction,
  direction: Direction,
  end: 'applied' | 'undone' | 'pending',
): Promise<void> {
  const { stepId } = row
  const resumes = row.direction === direction && (row.state === 'running' || row.state === 'inDoubt')
  const doneBefore = resumes && (await isDone(context.client, action))
  if (!doneBefore) {
    if (resumes) {
      await cleanUp(context, stepId, action)
    }
    await setStep(context.client, run, stepId, { state: 'running', direction })
    await attemptUntilDone(context, stepId, action)
    if (action.done !== '' && !(await isDone(context.client, action))) {
      throw new StepError(stepId, 'the statement ended, but its effect is not there')
    }
  }
  await context.client.query(stepChangeSql(run.id, stepId, { state: end, direction }))
  noteStep(run, stepId, { state: end, direction })
}

async function attemptUntilDone(context: RunContext, stepId: string, action: ConcurrentAction): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    context.lease.assertHeld()
    const fence = await context.client.query(epochSql)
    assertEpoch(fence.rows[0], context.epoch)
    try {
      // With a lock_timeout it would give up behind a reader of another table and leave an invalid index.
      await allowPatience(context, stepId, async () => await context.client.query(action.sql))
      return
    } catch (error) {
      const interrupted = sqlstateOf(error) === undefined || context.signal.aborted
      if (!interrupted && !nameTaken.includes(sqlstateOf(error))) {
        await cleanUp(context, stepId, action)
      }
      if (interrupted || !isConflict(error) || attempts > conflictsMax) {
        throw error
      }
      await pause(withJitter(100 * attempts), context.signal)
    }
  }
}

/** Removes what a failed attempt left behind. */
export async function cleanUp(context: RunContext, stepId: string, action: ConcurrentAction): Promise<void> {
  for (const sql of action.cleanup) {
    await allowPatience(context, stepId, async () => await context.client.query(sql))
  }
}
