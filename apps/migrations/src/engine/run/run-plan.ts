/**
 * Carries out the phases of a run. First run and resumed run are the same code: each step asks the journal, and where
 * that cannot know, the database. A step that fails before the contract phase is answered by taking back all that was
 * done, so that the database is as before.
 */
import { withTransaction } from '@freehold/postgres'
import type { RunState } from '../commands/outcomes.ts'
import { readCatalog } from '../inspect/read-catalog.ts'
import type { Phase, Step } from '../plan/step.ts'
import { Problem, problems } from '../problem.ts'
import { deleteRow, markFinished } from '../read/history.ts'
import { verifyRun } from '../verify/verify-run.ts'
import { type Run, type RunError, setRunState, setStep, setWindowCatalog } from './journal.ts'
import { assertEpoch, epochSql } from './lease.ts'
import { throwIfStopped } from './pause.ts'
import type { RunContext } from './run-context.ts'
import { doStep, type Place, undoStep } from './run-step.ts'
import { StepError } from './step-error.ts'

export interface PhaseOptions {
  /** What is taken back when a step of the contract phase fails: that phase, so that the window stays open, or the run. */
  takeBack: 'run' | 'phase'
}

/**
 * Runs the phases in their order as far as they are not done. Throws the Problem `stepFailed` or `contractFailed` after
 * it has taken back what failed, and others that leave the run where it is, to be gone on with.
 */
export async function runPhases(context: RunContext, run: Run, phases: Phase[], options: PhaseOptions): Promise<void> {
  for (const phase of ['expand', 'backfill', 'contract'] as const) {
    if (phases.includes(phase)) {
      await runPhase(context, run, phase, options)
    }
  }
}

async function runPhase(context: RunContext, run: Run, phase: Phase, options: PhaseOptions): Promise<void> {
  if (phase === 'contract' && run.state === 'windowOpen') {
    await changeState(context, run, 'contracting')
  }
  const steps = run.plan.steps.filter((step) => step.phase === phase)
  const isOpen = run.state === (phase === 'contract' ? 'contracting' : 'running')
  if (isOpen && steps.length > 0) {
    context.onFact({ kind: 'phaseStarted', phase, steps: steps.length })
  }
  for (const [index, step] of isOpen ? steps.entries() : []) {
    throwIfStopped(context.signal)
    try {
      await doStep(context, run, step, { position: index + 1, steps: steps.length })
    } catch (error) {
      await answerFailure(context, run, step, error, options)
    }
  }
  if (run.state === 'running' && phase === 'backfill') {
    await finishExpand(context, run)
  }
  if (run.state === 'contracting' && phase === 'contract') {
    await endRun(context, run, async () => {})
  }
}

/** From now on the new version may start: the migrations are entered as applied and, where nothing is left to contract, the run is. */
async function finishExpand(context: RunContext, run: Run): Promise<void> {
  const finishRows = async (): Promise<void> => {
    for (const { id } of run.plan.migrations) {
      await markFinished(context.client, context.schema, rowIdOf(run, id))
    }
  }
  if (run.plan.steps.some((step) => step.phase === 'contract')) {
    await changeState(context, run, 'windowOpen', finishRows)
  } else {
    await endRun(context, run, finishRows)
  }
}

/** Verified before it is entered as done, so that a run cut off in between is verified by the next runner. */
async function endRun(context: RunContext, run: Run, work: () => Promise<void>): Promise<void> {
  const difference = await verifyRun(context.client, run)
  await changeState(context, run, 'done', work)
  if (difference !== undefined) {
    // Its steps are done and nothing is left to go on with: what differs is for a person to look at.
    throw difference
  }
}

function rowIdOf(run: Run, migrationId: string): string {
  const rowId = run.historyRows[migrationId]
  if (rowId === undefined) {
    throw new Error(`the journal does not say how the history has ${migrationId}`)
  }
  return rowId
}

async function changeState(
  context: RunContext,
  run: Run,
  state: RunState,
  work: () => Promise<void> = async () => {},
  error = run.error,
): Promise<void> {
  context.lease.assertHeld()
  const { client } = context
  await withTransaction(client, async () => {
    assertEpoch((await client.query(epochSql)).rows[0], context.epoch)
    await work()
    await setRunState(client, run, state, error)
  })
}

async function answerFailure(
  context: RunContext,
  run: Run,
  step: Step,
  error: unknown,
  options: PhaseOptions,
): Promise<never> {
  if (error instanceof Problem && error.definition.code === problems.lockNotGranted.code) {
    await forgetUnlessBegun(context, run, error)
    throw error
  }
  if (!(error instanceof StepError)) {
    throw error
  }
  context.onFact({ kind: 'takingBack', stepId: step.id, sqlstate: error.sqlstate, message: error.message })
  const reason = { stepId: step.id, sqlstate: error.sqlstate, message: error.message }
  if (step.phase === 'contract') {
    const stopsAt = await stepBackContract(context, run)
    if (stopsAt !== undefined || options.takeBack === 'phase') {
      await (stopsAt === undefined
        ? reopenWindow(context, run, reason)
        : changeState(context, run, 'contracting', undefined, reason))
      throw toContractFailed(step, error, stopsAt)
    }
  }
  await takeBack(context, run, reason)
  const definition = step.do.kind === 'check' ? problems.rowsViolate : problems.stepFailed
  throw new Problem(
    definition,
    `${step.migrationId}: ${error.message}; the database is as it was before`,
    {
      sqlstate: error.sqlstate ?? undefined,
      migrationId: step.migrationId,
      lines: error.lines,
    },
    error,
  )
}

/** A phase that waited in vain for its first locks has changed nothing: it is as if it had not begun. */
async function forgetUnlessBegun(context: RunContext, run: Run, problem: Problem): Promise<void> {
  const error = { stepId: null, sqlstate: problem.details.sqlstate ?? null, message: problem.message }
  const isBegun = (step: Step): boolean => run.steps.get(step.id)?.state !== 'pending'
  if (run.state === 'running' && !run.plan.steps.some(isBegun)) {
    await takeBack(context, run, error)
  }
  if (run.state === 'contracting' && !run.plan.steps.some((step) => step.phase === 'contract' && isBegun(step))) {
    await reopenWindow(context, run, error)
  }
}

/** The command ends with the window open, so that both versions may be in use from now on. */
async function reopenWindow(context: RunContext, run: Run, error: RunError): Promise<void> {
  const catalog = await readCatalog(context.client)
  await changeState(context, run, 'windowOpen', () => setWindowCatalog(context.client, run, catalog), error)
}

function toContractFailed(step: Step, error: StepError, stopsAt: Step | undefined): Problem {
  return new Problem(
    problems.contractFailed,
    `${step.migrationId}: ${error.message}`,
    {
      sqlstate: error.sqlstate ?? undefined,
      migrationId: step.migrationId,
      lines: error.lines,
      hint:
        stopsAt === undefined
          ? undefined
          : `what the contract phase did up to ${stopsAt.id} stays; mend the rows, then run freehold migrate complete again`,
    },
    error,
  )
}

/** Takes back the contract phase as far as it can be; returns the step that it stops at. */
async function stepBackContract(context: RunContext, run: Run): Promise<Step | undefined> {
  const steps = run.plan.steps.filter((step) => step.phase === 'contract')
  for (const step of steps.toReversed()) {
    const row = run.steps.get(step.id)
    if (row?.state === 'applied' && step.undo.kind === 'none' && step.undo.stays === true) {
      return step
    }
    await undoOrExplain(context, run, step, { position: steps.indexOf(step) + 1, steps: steps.length }, 'pending')
  }
  return undefined
}

/**
 * Takes back every step in reverse order, removes what tells that its migrations are applied and ends it, as `failed`
 * where `error` says why, else as `undone`.
 */
export async function takeBack(context: RunContext, run: Run, error: RunError | null): Promise<void> {
  if (run.state !== 'undoing') {
    await changeState(context, run, 'undoing', undefined, error)
  }
  const steps = run.plan.steps.toReversed()
  context.onFact({ kind: 'phaseStarted', phase: 'undo', steps: steps.length })
  for (const [index, step] of steps.entries()) {
    throwIfStopped(context.signal)
    await undoOrExplain(context, run, step, { position: index + 1, steps: steps.length }, 'undone')
  }
  await changeState(context, run, run.error === null ? 'undone' : 'failed', async () => {
    for (const rowId of Object.values(run.historyRows)) {
      await deleteRow(context.client, context.schema, rowId)
    }
  })
}

/** Takes the step back; where that fails, says so in the journal, for a person has to look at it. */
async function undoOrExplain(
  context: RunContext,
  run: Run,
  step: Step,
  place: Place,
  end: 'undone' | 'pending',
): Promise<void> {
  try {
    await undoStep(context, run, step, place, end)
  } catch (error) {
    if (!(error instanceof StepError)) {
      throw error
    }
    // A batched undo keeps its checkpoint, so that the next attempt goes on from there.
    if (step.undo.kind !== 'batch') {
      await setStep(context.client, run, step.id, { state: 'inDoubt', direction: 'undo' })
    }
    throw new Problem(
      problems.undoRefused,
      `step ${step.id} of ${step.migrationId} could not be taken back: ${error.message}`,
      { sqlstate: error.sqlstate ?? undefined, migrationId: step.migrationId, lines: error.lines },
      error,
    )
  }
}
