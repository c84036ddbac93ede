// Follows a run on the platform. The run does not need to be followed: what breaks here breaks the view of it only.

import { setTimeout as sleep } from 'node:timers/promises'
import { ContractProblem, StreamInterrupted, UnreachableError } from '@freehold/contracts-base'
import type { Run, RunFact } from '@freehold/contracts-migrations'
import type { Fact } from '@freehold/migrations/engine'
import { Problem } from '@freehold/migrations/problem'
import { platformProblems } from '../platform-problems.ts'
import type { RemoteDatabase } from './remote-database.ts'

export interface Follower {
  onFact(fact: Fact): void
  /** Aborted by Ctrl-C: the run is not followed any longer. */
  signal: AbortSignal
}

// As long as a service takes to be replaced, and then some.
const patienceMs = 5 * 60_000
const pauseMs = 500

/** Returns the run once nothing happens any more until somebody asks for it; throws a Problem when it is not followed to there. */
export async function followRun(remote: RemoteDatabase, run: Run, follower: Follower, after = 0): Promise<Run> {
  const params = { serviceId: remote.service, runId: run.id }
  let position = after
  let lostAt: number | undefined
  let isTold = false
  for (;;) {
    try {
      for await (const told of remote.client.followRun({
        params,
        query: { after: position },
        signal: follower.signal,
      })) {
        position = told.position
        lostAt = undefined
        isTold = false
        pass(told, follower)
      }
      return await remote.client.getRun({ params, signal: follower.signal })
    } catch (error) {
      if (follower.signal.aborted) {
        throw toUnfollowed(run, 'it is not followed any longer', error)
      }
      if (!isPassing(error)) {
        throw error
      }
      // A stream ends with the token that opened it, and goes on with another.
      if (!isTold && !(error instanceof StreamInterrupted)) {
        isTold = true
        follower.onFact({ kind: 'note', text: 'the platform does not answer; the run goes on when it does' })
      }
      lostAt ??= Date.now()
      if (Date.now() - lostAt > patienceMs) {
        throw toUnfollowed(run, 'the platform does not answer', error)
      }
      await sleep(pauseMs, undefined, { signal: follower.signal }).catch(() => {})
    }
  }
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof StreamInterrupted ||
    error instanceof UnreachableError ||
    (error instanceof ContractProblem && error.status === 503)
  )
}

function pass({ fact }: RunFact, { onFact }: Follower): void {
  if (fact.kind !== 'stateChanged') {
    // The contract repeats the engine's facts word for word.
    onFact(fact as Fact)
    return
  }
  const sentence = sentences[fact.to]
  if (sentence !== undefined) {
    onFact({ kind: 'note', text: fact.detail === null ? sentence : `${sentence}: ${fact.detail}` })
  }
}

/** The states that no fact of the engine tells of. */
const sentences: Partial<Record<Run['state'], string>> = {
  awaitingApproval: 'waits for a person’s approval',
  queued: 'waits for a worker and a maintenance window',
  contractQueued: 'the contract phase waits for a worker and a maintenance window',
  paused: 'paused',
}

function toUnfollowed(run: Run, why: string, cause: unknown): Problem {
  const hint = `freehold migrate status --service ${run.service} shows it; the same command follows it again`
  return new Problem(platformProblems.unfollowed, `the run ${run.id} goes on on the platform; ${why}`, { hint }, cause)
}
