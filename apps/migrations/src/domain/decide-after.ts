// What becomes of a run after an attempt that did not end well: decided from what went wrong and from what the journal in
// the database says, never from what this process remembers.

import type { RunState, WorkProblem } from '@freehold/contracts-migrations'
import type { RunSummary } from '#engine/index.ts'

/** Why an attempt stopped. */
export type Ending =
  /** The engine was told to stop, and did. */
  | { kind: 'stopped'; by: 'pause' | 'cancel' | 'shutdown' | 'leaseLost' }
  | { kind: 'problem'; code: string; isPassing: boolean; problem: WorkProblem }

export interface Attempt {
  activity: 'expanding' | 'contracting' | 'undoing'
  /** Attempts before this one that ended in something passing. */
  failures: number
  failuresMax: number
  /** The state of the run in the journal; `none` where it was never begun, `unknown` where the database does not answer. */
  journal: RunSummary['state'] | 'none' | 'unknown'
}

export type Decision =
  | { next: RunState; resumesTo?: RunState }
  /** The lease is given back; whoever leases the run next goes on. */
  | { next: 'release' }
  /** As `release`, after a while. */
  | { next: 'retry' }

/** Returns what becomes of the run. */
export function decideAfter(attempt: Attempt, ending: Ending): Decision {
  const { activity, journal } = attempt
  if (ending.kind === 'stopped') {
    return afterStop(attempt, ending.by)
  }
  if (ending.code === 'FHD_MIGRATE_PLAN_STALE' && activity === 'expanding') {
    return { next: 'planning' }
  }
  if (ending.isPassing || journal === 'unknown') {
    return attempt.failures + 1 < attempt.failuresMax ? { next: 'retry' } : { next: 'paused', resumesTo: activity }
  }
  return afterRefusal(activity, journal)
}

function afterStop({ activity, journal }: Attempt, by: 'pause' | 'cancel' | 'shutdown' | 'leaseLost'): Decision {
  if (by === 'shutdown' || by === 'leaseLost') {
    return { next: 'release' }
  }
  if (by === 'pause' || activity !== 'expanding') {
    return { next: 'paused', resumesTo: activity }
  }
  switch (journal) {
    case 'none':
    case 'undone':
    case 'failed':
      return { next: 'cancelled' }
    case 'contracting':
    case 'done':
      // Too late: what contracts is not taken back.
      return { next: 'paused', resumesTo: activity }
    default:
      return { next: 'undoing' }
  }
}

function afterRefusal(activity: Attempt['activity'], journal: RunSummary['state'] | 'none'): Decision {
  switch (journal) {
    case 'windowOpen':
      return { next: 'windowOpen' }
    case 'done':
      // The work is done and something about it is not as it should be: a person looks.
      return activity === 'undoing' ? { next: 'completed' } : { next: 'failed' }
    case 'undone':
      return activity === 'undoing' ? { next: 'undone' } : { next: 'failed' }
    case 'none':
    case 'failed':
      return { next: 'failed' }
    case 'undoing':
      return { next: 'paused', resumesTo: 'undoing' }
    case 'contracting':
      return { next: 'paused', resumesTo: 'contracting' }
    case 'running':
      return { next: 'paused', resumesTo: activity }
  }
}
