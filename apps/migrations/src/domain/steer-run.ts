// What people ask of a run that is there. A run that a worker holds is only asked; the worker answers by its state.

import { migrationsErrors, type Run, type RunState } from '@freehold/contracts-migrations'
import { Problem } from '@freehold/service'
import { readDatabase } from '../store/databases.ts'
import { getRun, lockRunOf, transitionRun, updateRun } from '../store/runs.ts'
import type { RunRow, Store } from '../store/schema.ts'
import { startOf } from './follow-plan.ts'

type Verb = (trx: Store, run: RunRow) => Promise<void>

/** Returns a verb on the service's run, carried out while its row is locked. */
function steering(verb: Verb): (store: Store, service: string, runId: string) => Promise<Run> {
  return async (store, service, runId) =>
    await store.transaction().execute(async (trx) => {
      await verb(trx, await lockRunOf(trx, service, runId))
      return await getRun(trx, service, runId)
    })
}

function refuse(run: RunRow, what: string): Problem {
  return new Problem(migrationsErrors.runNotInState, { detail: `the run is ${run.state} and cannot be ${what}` })
}

const now = (): { starts_at: Date } => ({ starts_at: new Date() })

/** Stops the run at the next step’s end; what is done stays. */
export const pauseRun = steering(async (trx, run) => {
  switch (run.state) {
    case 'queued':
      await transitionRun(trx, run, { to: 'paused', change: { resumes_to: 'queued' } })
      return
    case 'contractQueued':
      await transitionRun(trx, run, { to: 'windowOpen' })
      return
    case 'expanding':
    case 'contracting':
    case 'undoing':
      await updateRun(trx, run.id, { requested: 'pause' })
      return
    default:
      throw refuse(run, 'paused')
  }
})

/** Lets a paused run go on where it was. */
export const resumeRun = steering(async (trx, run) => {
  if (run.state !== 'paused') {
    throw refuse(run, 'resumed')
  }
  const to: RunState = run.resumes_to ?? 'queued'
  const change = to === 'queued' ? { starts_at: startOf(run, await readDatabase(trx, run.database_id)) } : now()
  await transitionRun(trx, run, { to, change })
})

/** Stops the run before its contract phase and takes back what it has done. */
export const cancelRun = steering(async (trx, run) => {
  switch (run.state) {
    case 'held':
    case 'planning':
    case 'awaitingApproval':
    case 'queued':
      await transitionRun(trx, run, { to: 'cancelled' })
      return
    case 'expanding':
      await updateRun(trx, run.id, { requested: 'cancel' })
      return
    case 'windowOpen':
      await transitionRun(trx, run, { to: 'undoing', change: now() })
      return
    case 'contractQueued':
      await transitionRun(trx, run, { to: 'windowOpen' })
      return
    case 'paused':
      await cancelPaused(trx, run)
      return
    default:
      throw refuse(run, 'cancelled')
  }
})

async function cancelPaused(trx: Store, run: RunRow): Promise<void> {
  if (run.resumes_to === 'contracting') {
    throw refuse(run, 'cancelled: its contract phase has begun')
  }
  const wasBegun = run.resumes_to !== 'queued'
  await transitionRun(trx, run, wasBegun ? { to: 'undoing', change: now() } : { to: 'cancelled' })
}

/** Asks for the contract phase of a run whose window is open. */
export const completeRun = steering(async (trx, run) => {
  if (run.state !== 'windowOpen') {
    throw refuse(run, 'completed')
  }
  const database = await readDatabase(trx, run.database_id)
  await transitionRun(trx, run, {
    to: 'contractQueued',
    change: { starts_at: startOf({ not_before: null }, database) },
  })
})

/** Takes the run back, from wherever it is before its contract phase. */
export const undoRun = steering(async (trx, run) => {
  const isPausedBefore = run.state === 'paused' && (run.resumes_to === 'expanding' || run.resumes_to === 'undoing')
  const isEnded = run.state === 'completed' && run.applied.length > 0
  if (run.state !== 'windowOpen' && !isPausedBefore && !isEnded) {
    throw refuse(run, 'undone')
  }
  await transitionRun(trx, run, { to: 'undoing', change: now() })
})
