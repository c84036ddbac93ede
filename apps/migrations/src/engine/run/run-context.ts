import { type Client, isConnectionLoss, sqlstateOf, sqlstates } from '@freehold/postgres'
import { Problem, problems } from '../problem.ts'
import type { OnFact } from './facts.ts'
import type { Lease } from './lease.ts'

/** What every part of a runner works with. */
export interface RunContext {
  /** Does the work; each step is a transaction or a statement of this session. */
  client: Client
  /** A second session, for looking at what the first one waits for and for cancelling it; opened when it is first needed. */
  watcher(): Promise<Client>
  /** Process id of `client`'s backend. */
  pid: number
  lease: Lease
  /** The runner's number in the journal; each transaction checks it. */
  epoch: string
  schema: string
  maxLockMs: number
  lockDeadlineMs: number
  onFact: OnFact
  signal: AbortSignal
}

/** SQLSTATEs after which the same statement may well succeed. */
const conflicts: readonly string[] = [
  sqlstates.serializationFailure,
  sqlstates.deadlockDetected,
  sqlstates.lockNotAvailable,
]

/** Tells whether the statement failed by chance of who was at work beside it. */
export function isConflict(error: unknown): boolean {
  const state = sqlstateOf(error)
  return state !== undefined && conflicts.includes(state)
}

/** Returns the Problem for what ends the run without anything being wrong with the step; undefined for all else. */
export function toInterruption(error: unknown, signal: AbortSignal): Problem | undefined {
  if (error instanceof Problem) {
    return error
  }
  const sqlstate = sqlstateOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (isConnectionLoss(error)) {
    return new Problem(
      problems.connectionLost,
      `the connection to the database is lost: ${message}`,
      { sqlstate },
      error,
    )
  }
  if (sqlstate === sqlstates.diskFull) {
    return new Problem(problems.diskFull, `the database's disk is full: ${message}`, { sqlstate }, error)
  }
  // read_only_sql_transaction: the server has become a standby.
  if (sqlstate === '25006') {
    return new Problem(problems.serverReadOnly, `the server takes no writes any more: ${message}`, { sqlstate }, error)
  }
  if (sqlstate === sqlstates.queryCanceled && signal.aborted) {
    return new Problem(problems.stopped, 'stopped as asked; what is finished stays and is in the journal', {}, error)
  }
  return undefined
}
