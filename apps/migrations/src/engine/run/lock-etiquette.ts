/**
 * Takes a step's locks so that no caller waits longer than maxLockMs: the wait for the locks and the time they are held
 * together. A waiting lock makes all later callers queue behind it, so tries that wait for nobody come first, timed ones
 * are short and far between, and none is made while a long transaction holds what is wanted.
 */

import { sqlstateOf, sqlstates } from '@freehold/postgres'
import { type LockMode, lockModes } from '../plan/step.ts'
import { Problem, problems } from '../problem.ts'
import { conflictsWith, describeBlocker, findHolders, type Holder, isLong, toBlocker } from './blockers.ts'
import { instantPauseMs, instantTries, overrunsMax, trySpacing } from './limits.ts'
import { pause, throwIfStopped, withJitter } from './pause.ts'
import { isConflict, type RunContext } from './run-context.ts'
import { type LockTarget, lockSql } from './transaction-script.ts'

/** How one try may take its locks. */
export interface Try {
  how: 'instant' | 'timed'
  /** Time since the first try began. */
  waitedMs: number
  number: number
}

/** Longest wait for locks of one try; the other half of the bound is for holding them. */
export function waitBudgetMs(context: RunContext): number {
  return Math.max(1, Math.floor(context.maxLockMs / 2))
}

/** Where tries of a step stand. */
interface Waiting {
  startedAt: number
  tries: number
  /** The next timed try is not before this. */
  timedAt: number
  overruns: number
  firstSeen: Map<string, number>
  holders: Holder[]
}

/**
 * Makes the tries of a step until one succeeds. `attempt` throws what Postgres said after it has rolled back; 55P03,
 * deadlocks and overruns are tried again until the deadline, all else is passed on.
 */
export async function underEtiquette<T>(
  context: RunContext,
  stepId: string,
  targets: LockTarget[],
  attempt: (how: Try) => Promise<T>,
): Promise<T> {
  const waiting: Waiting = {
    startedAt: Date.now(),
    tries: 0,
    timedAt: 0,
    overruns: 0,
    firstSeen: new Map(),
    holders: [],
  }
  for (;;) {
    throwIfStopped(context.signal)
    const how = chooseHow(waiting)
    waiting.tries += 1
    const began = Date.now()
    try {
      return await attempt({ how, waitedMs: began - waiting.startedAt, number: waiting.tries })
    } catch (error) {
      noteFailedTry(context, waiting, error, how, Date.now() - began)
      const tooLate = Date.now() - waiting.startedAt > context.lockDeadlineMs
      if (sqlstateOf(error) === sqlstates.serializationFailure && !tooLate) {
        // Whoever changed the row has committed: there is nobody to wait for.
        await pause(withJitter(1), context.signal)
        continue
      }
      await lookAndWait(context, stepId, targets, waiting, error)
    }
  }
}

function chooseHow(waiting: Waiting): 'instant' | 'timed' {
  const long = waiting.holders.some((holder) => isLong(holder) && !holder.autovacuum)
  return waiting.tries < instantTries || long || Date.now() < waiting.timedAt ? 'instant' : 'timed'
}

function noteFailedTry(context: RunContext, waiting: Waiting, error: unknown, how: string, tookMs: number): void {
  const overran = sqlstateOf(error) === sqlstates.queryCanceled && !context.signal.aborted
  if (!overran && !isConflict(error)) {
    throw error
  }
  waiting.overruns += overran ? 1 : 0
  if (waiting.overruns > overrunsMax) {
    throw error
  }
  if (how === 'timed' || overran) {
    waiting.timedAt = Date.now() + withJitter(trySpacing * Math.max(1, tookMs))
  }
  if (overran) {
    // An instant try that overran has kept callers waiting as long as a timed one.
    waiting.tries = Math.max(waiting.tries, instantTries)
  }
}

async function lookAndWait(
  context: RunContext,
  stepId: string,
  targets: LockTarget[],
  waiting: Waiting,
  error: unknown,
): Promise<void> {
  const watcher = await context.watcher()
  waiting.holders = await findHolders(watcher, context.pid, targets, waiting.firstSeen)
  const waitedMs = Date.now() - waiting.startedAt
  const first = targets.find((target) => target.oid === waiting.holders[0]?.oid) ?? targets[0]
  context.onFact({
    kind: 'waiting',
    stepId,
    relation: first === undefined ? null : `${first.schema}.${first.name}`,
    mode: first?.mode ?? null,
    waitedMs,
    attempts: waiting.tries,
    blockers: waiting.holders.map(toBlocker),
  })
  if (waitedMs > context.lockDeadlineMs) {
    throw toLockNotGranted(stepId, first, waiting, error)
  }
  if (await dislodgeAutovacuum(context, targets, waiting.holders)) {
    return
  }
  const overran = waiting.overruns > 0 && waiting.timedAt > Date.now()
  // After an overrun there is nothing to be gained by instant tries, which overrun too.
  await pause(overran ? waiting.timedAt - Date.now() : withJitter(pauseAfter(waiting)), context.signal)
}

/** Instant tries come quickly at first and thin out to a few a second. */
function pauseAfter(waiting: Waiting): number {
  return Math.min(instantPauseMs * 1.3 ** Math.max(0, waiting.tries - instantTries), 250)
}

function toLockNotGranted(stepId: string, target: LockTarget | undefined, waiting: Waiting, cause: unknown): Problem {
  const seconds = Math.round((Date.now() - waiting.startedAt) / 1000)
  const what = target === undefined ? 'its locks' : `${target.mode} on ${target.schema}.${target.name}`
  return new Problem(
    problems.lockNotGranted,
    `step ${stepId} could not get ${what} within ${seconds} s (${waiting.tries} tries)`,
    { sqlstate: sqlstates.lockNotAvailable, lines: waiting.holders.map(toBlocker).map(describeBlocker) },
    cause,
  )
}

/**
 * Makes an autovacuum worker give way. It is cancelled only for a lock that has waited for deadlock_timeout, so the wait
 * is made for SHARE UPDATE EXCLUSIVE, behind which readers and writers do not queue. Tells whether there was one.
 */
async function dislodgeAutovacuum(context: RunContext, targets: LockTarget[], holders: Holder[]): Promise<boolean> {
  const oids = new Set(holders.filter((holder) => holder.autovacuum).map((holder) => holder.oid))
  const held = targets.filter((target) => target.lockable && target.oid !== null && oids.has(target.oid))
  const wanted = held.filter(
    (target) => lockModes.indexOf(target.mode) >= 3 && conflictsWith(target.mode, 'ShareUpdateExclusiveLock'),
  )
  for (const target of wanted) {
    const weak: LockMode = 'ShareUpdateExclusiveLock'
    try {
      await context.client.query('BEGIN')
      await context.client.query(
        `SELECT set_config('lock_timeout', (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000 + 1000)::int::text, true)`,
      )
      await context.client.query(lockSql({ ...target, mode: weak }))
    } catch (error) {
      // One that guards against wraparound does not give way; it is then waited for like any other holder.
      if (!isConflict(error)) {
        throw error
      }
    } finally {
      await context.client.query('ROLLBACK').catch(() => {})
    }
  }
  return wanted.length > 0
}
