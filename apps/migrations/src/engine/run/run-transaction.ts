/** Runs a step's transaction on the live database: locks, statements and the journal's row in it or not at all. */
import type { QueryResult } from '@freehold/postgres'
import { isStrong } from '../plan/seen.ts'
import type { TransactionAction } from '../plan/step.ts'
import type { StepTimes } from './journal.ts'
import { assertEpoch, epochSql } from './lease.ts'
import { type Try, underEtiquette, waitBudgetMs } from './lock-etiquette.ts'
import { allowPatience } from './patience.ts'
import type { RunContext } from './run-context.ts'
import {
  findLockTargets,
  type LockTarget,
  lockSql,
  locksAtOnce,
  locksToTake,
  ownRoleSql,
  runScript,
  settingsSql,
} from './transaction-script.ts'
import { assertWithin, lookBefore } from './within.ts'

/** Returns the statement that enters the transaction's work in the journal, given SQL for the times. */
export type JournalSql = (times: StepTimes) => string

export interface TransactionOutcome {
  rows: number | null
  waitedMs: number
  heldMs: number
}

/** Of maxLockMs, so that the commit is within the bound as well. */
const shareForStatements = 0.9

/** Runs the action's transaction, with the journal's statement in it, as its patience asks; `beforeTry` comes before each try. */
export async function runTransaction(
  context: RunContext,
  stepId: string,
  action: TransactionAction,
  journalSql: JournalSql,
  beforeTry: () => Promise<void> = async () => {},
): Promise<TransactionOutcome> {
  const targets = await findLockTargets(context.client, action.locks)
  const locks = locksToTake(targets)
  // Whatever a plan says, a lock that callers meet is not waited for without a bound.
  const meetsCallers = action.patience === 'patient' && locks.some((lock) => isStrong(lock.mode))
  const patience = meetsCallers ? 'allowed' : action.patience
  const attempt = async (how: Try): Promise<TransactionOutcome> =>
    await attemptTransaction(context, { ...action, patience }, locks, how, journalSql)
  if (patience === 'patient') {
    return await allowPatience(context, stepId, async () => {
      return await attempt({ how: 'timed', waitedMs: 0, number: 1 })
    })
  }
  if (patience === 'allowed') {
    return await underEtiquette(context, stepId, targets, async (how) => {
      return await allowPatience(context, stepId, async () => await attempt(how))
    })
  }
  return await underEtiquette(context, stepId, targets, async (how) => {
    await beforeTry()
    return await attempt(how)
  })
}

async function attemptTransaction(
  context: RunContext,
  action: TransactionAction,
  locks: LockTarget[],
  how: Try,
  journalSql: JournalSql,
): Promise<TransactionOutcome> {
  const { client } = context
  context.lease.assertHeld()
  try {
    const begun = await runScript(client, [
      'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
      epochSql,
      ...settingsSql(action.settings),
      "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)",
    ])
    assertEpoch(begun.at(1)?.rows[0], context.epoch)
    const clock = clockOf(context, action, locks, how)
    const body = [
      clock.start,
      ...(how.how === 'instant'
        ? locksAtOnce(locks)
        : locks.flatMap((lock) => [...clock.beforeLock(lock), lockSql(lock)])),
      clock.granted,
      ...action.sql.flatMap((sql) => [...clock.beforeStatement, sql]),
    ]
    const end = [...clock.beforeJournal, ...ownRoleSql(action.settings), journalSql(clock.times), 'COMMIT']
    if (action.within === undefined) {
      return toOutcome(await runScript(client, [...body, ...end]), action, end.length)
    }
    const before = await lookBefore(client)
    const results = await runScript(client, body)
    await assertWithin(client, before, action.within)
    return toOutcome([...results, ...(await runScript(client, end))], action, end.length)
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** Deadlines, reckoned by the server's clock between two statements of a script. */
function clockOf(context: RunContext, action: TransactionAction, locks: LockTarget[], how: Try) {
  const now = '(extract(epoch FROM clock_timestamp()) * 1000)'
  const value = (name: string): string => `current_setting('freehold.${name}')::numeric`
  const left = (ms: number): string => `greatest(1, ceil(${ms} - (${now} - ${value('since')})))::bigint::text`
  // What could not be locked ahead is waited for by the statement: for a moment only where the try is to wait for nobody.
  const wait = how.how === 'instant' ? 1 : waitBudgetMs(context)
  const whole = Math.max(1, Math.floor(context.maxLockMs * shareForStatements))
  const bounded = action.patience === 'bounded'
  const strongWait = action.patience !== 'patient'
  const limits = [
    ...(strongWait ? [`set_config('lock_timeout', ${bounded ? left(wait) : `'${wait}'`}, true)`] : []),
    // Where no lock that callers meet was seen in the rehearsal, nobody waits for what the statement takes.
    ...(bounded && locks.length > 0 ? [`set_config('statement_timeout', ${left(whole)}, true)`] : []),
  ]
  return {
    start: `SELECT set_config('freehold.since', ${now}::text, true), set_config('freehold.granted', ${now}::text, true)`,
    // lock_timeout is for each lock by itself, and a view's LOCK takes that of its table as well.
    beforeLock: (lock: LockTarget) => {
      const share = lock.kind === 'v' ? left(wait / 2) : left(wait)
      return strongWait ? [`SELECT set_config('lock_timeout', ${share}, true)`] : []
    },
    granted: `SELECT set_config('freehold.granted', ${now}::text, true)`,
    beforeStatement: limits.length > 0 ? [`SELECT ${limits.join(', ')}`] : [],
    // The journal is Freehold's own; no caller is met there, and its row may not be lost to what is left of a deadline.
    beforeJournal: [`SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`],
    times: {
      waitedMs: `${how.waitedMs} + ${value('granted')} - ${value('since')}`,
      // What nobody waits for is not held against anyone.
      heldMs: strongWait ? `${now} - ${value('granted')}` : '0',
      attempts: how.number,
    },
  }
}

function toOutcome(results: QueryResult[], action: TransactionAction, endLength: number): TransactionOutcome {
  const journal = results.at(-2)?.rows[0] as { waitedMs?: number; heldMs?: number } | undefined
  const last = action.sql.length === 0 ? undefined : results.at(-1 - endLength)
  return { rows: last?.rowCount ?? null, waitedMs: journal?.waitedMs ?? 0, heldMs: journal?.heldMs ?? 0 }
}
