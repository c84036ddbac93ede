/** Carries out one step, forwards or back, from wherever the journal says that it is. */
import { sqlstateOf, sqlstates } from '@freehold/postgres'
import type { Action, Step } from '../plan/step.ts'
import { findViolation, isDone } from './execute-plainly.ts'
import { type Direction, noteStep, type Run, type StepRow, setStep, stepChangeSql } from './journal.ts'
import { allowPatience } from './patience.ts'
import { runBatch } from './run-batch.ts'
import { cleanUp, runConcurrent } from './run-concurrent.ts'
import { type RunContext, toInterruption } from './run-context.ts'
import { runTransaction } from './run-transaction.ts'
import { abandonTwin, isExchanged, runTwin } from './run-twin.ts'
import { StepError, toStepError } from './step-error.ts'

type EndState = 'applied' | 'undone' | 'pending'

/** Does the step unless it is done. Throws a StepError when Postgres refuses it, and a Problem when the run is cut off. */
export async function doStep(context: RunContext, run: Run, step: Step, place: Place): Promise<void> {
  const row = rowOf(run, step)
  if (row.state === 'applied') {
    return
  }
  if (row.direction === 'undo' && row.state === 'running') {
    // It was on its way back when the runner was cut off.
    await runAction(context, run, step, 'undo', 'pending')
  }
  if (row.direction === 'undo') {
    await setStep(context.client, run, step.id, { state: 'pending', direction: 'do', checkpoint: null, rowsDone: 0 })
  }
  sayStarted(context, step, step.do, place)
  await runAction(context, run, step, 'do', 'applied')
}

/** Takes the step back unless nothing of it was done; `end` is `pending` where it may be done again later. */
export async function undoStep(
  context: RunContext,
  run: Run,
  step: Step,
  place: Place,
  end: 'undone' | 'pending',
): Promise<void> {
  const row = rowOf(run, step)
  if (row.state === 'pending' || row.state === 'undone') {
    return
  }
  if (row.state === 'running' && row.direction === 'do' && !(await wasBegun(context, row, step))) {
    await setStep(context.client, run, step.id, { state: end, direction: 'do', checkpoint: null })
    return
  }
  sayStarted(context, step, step.undo, place)
  if (step.undo.kind === 'none' && step.undo.stays === true) {
    context.onFact({ kind: 'note', text: `${step.id} stays: ${step.undo.reason ?? step.reason}` })
  }
  await runAction(context, run, step, 'undo', end)
}

/** Where a step stands among those of its phase, for people. */
export interface Place {
  position: number
  steps: number
}

/** Tells whether there is anything to take back of a step that was cut off. */
async function wasBegun(context: RunContext, row: StepRow, step: Step): Promise<boolean> {
  switch (step.do.kind) {
    case 'batch':
      return row.checkpoint !== null
    case 'twin':
      if (isExchanged(row)) {
        return true
      }
      await abandonTwin(context, step.id, step.do)
      return false
    case 'concurrent':
      if (await isDone(context.client, step.do)) {
        return true
      }
      await cleanUp(context, step.id, step.do)
      return false
    default:
      return false
  }
}

async function runAction(
  context: RunContext,
  run: Run,
  step: Step,
  direction: Direction,
  end: EndState,
): Promise<void> {
  const action = step[direction]
  const row = rowOf(run, step)
  const startedAt = Date.now()
  try {
    const { rows, waitedMs, heldMs } = await dispatch(context, run, row, action, direction, end)
    const durationMs = Date.now() - startedAt
    if (action.kind !== 'none') {
      context.onFact({ kind: 'stepFinished', stepId: step.id, durationMs, waitedMs, heldMs, rows })
    }
  } catch (error) {
    throw toInterruption(error, context.signal) ?? explain(context, step.id, error, action)
  }
}

const atOnce = { rows: null, waitedMs: 0, heldMs: 0 }

async function dispatch(
  context: RunContext,
  run: Run,
  row: StepRow,
  action: Action,
  direction: Direction,
  end: EndState,
): Promise<{ rows: number | null; waitedMs: number; heldMs: number }> {
  const { stepId } = row
  switch (action.kind) {
    case 'transaction': {
      if (action.patience !== 'bounded') {
        await setStep(context.client, run, stepId, { state: 'running', direction })
      }
      const outcome = await runTransaction(context, stepId, action, (times) =>
        stepChangeSql(run.id, stepId, { state: end, direction }, times),
      )
      noteStep(run, stepId, { state: end, direction, waitedMs: outcome.waitedMs, heldMs: outcome.heldMs })
      return outcome
    }
    case 'concurrent':
      await runConcurrent(context, run, row, action, direction, end)
      return atOnce
    case 'batch':
      return { ...atOnce, rows: await runBatch(context, run, row, action, direction, end) }
    case 'twin':
      return await runTwin(context, run, row, action, direction, end)
    case 'check': {
      const violation = await allowPatience(context, stepId, async () => await findViolation(context.client, action))
      if (violation !== undefined) {
        const lines = violation.examples.map((example) => `for example ${example}`)
        const message = `${action.message} (${violation.count})`
        throw new StepError(stepId, message, { sqlstate: action.sqlstate, lines })
      }
      await setStep(context.client, run, stepId, { state: end, direction })
      return atOnce
    }
    case 'none':
      await setStep(context.client, run, stepId, { state: end, direction })
      return atOnce
  }
}

function explain(context: RunContext, stepId: string, error: unknown, action: Action): StepError {
  if (sqlstateOf(error) === sqlstates.queryCanceled) {
    const message = `the step did not end within the ${context.maxLockMs} ms for which its locks may keep callers waiting`
    return new StepError(stepId, message, { sqlstate: sqlstates.queryCanceled, cause: error })
  }
  return toStepError(stepId, error, 'sqlstates' in action ? action.sqlstates : undefined)
}

function rowOf(run: Run, step: Step): StepRow {
  const row = run.steps.get(step.id)
  if (row === undefined) {
    throw new Error(`the journal of run ${run.id} has no step ${step.id}`)
  }
  return row
}

function sayStarted(context: RunContext, step: Step, action: Action, place: Place): void {
  if (action.kind !== 'none') {
    context.onFact({
      kind: 'stepStarted',
      stepId: step.id,
      ...place,
      reason: step.reason,
      sql: sqlOf(action).join(';\n'),
    })
  }
}

/** Returns the SQL of an action for people to read. */
export function sqlOf(action: Action): string[] {
  switch (action.kind) {
    case 'transaction':
      return action.sql
    case 'concurrent':
      return [action.sql]
    case 'batch':
      return [...action.before, ...action.sql, ...action.after]
    case 'twin':
      return action.statements
    case 'check':
      return [action.examples]
    case 'none':
      return []
  }
}
