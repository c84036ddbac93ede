/**
 * Runs a batched step range by range. A range and its checkpoint are one transaction, so that each row is touched
 * exactly once whatever is killed; its length follows the clock, so that a caller who meets its row locks waits briefly.
 */
import type { BatchAction } from '../plan/step.ts'
import { boundarySql, type Key, prepareBatch, rangeSql, readBoundary, releaseBatch } from './batch-statements.ts'
import { type Checkpoint, type Direction, noteStep, type Run, type StepRow, setStep, stepChangeSql } from './journal.ts'
import { assertEpoch, epochSql } from './lease.ts'
import { factPauseMs, rangeMs, rangeRowsFirst, rangeRowsMax } from './limits.ts'
import { underEtiquette, waitBudgetMs } from './lock-etiquette.ts'
import { throwIfStopped } from './pause.ts'
import type { RunContext } from './run-context.ts'
import { runTransaction } from './run-transaction.ts'
import { findLockTargets, type LockTarget, ownRoleSql, runScript, settingsSql } from './transaction-script.ts'

/** Where the ranges are. */
interface Progress {
  after: Key
  rowsDone: number
  rowsTotal: number | null
  /** Rows of the next range. */
  rows: number
  startedAt: number
  rowsAtStart: number
  saidAt: number
}

/** Runs the action from its checkpoint on; ends with the step entered as `applied` or `undone`. */
export async function runBatch(
  context: RunContext,
  run: Run,
  row: StepRow,
  action: BatchAction,
  direction: Direction,
  end: 'applied' | 'undone' | 'pending',
): Promise<number> {
  const { stepId } = row
  const resumes = row.direction === direction && row.state === 'running'
  if (!resumes) {
    const rowsTotal = await estimateRows(context, action)
    await setStep(context.client, run, stepId, {
      state: 'running',
      direction,
      checkpoint: null,
      rowsDone: 0,
      rowsTotal,
    })
  }
  if (row.checkpoint === null && action.before.length > 0) {
    const checkpoint = { next: 'ranges' as const, key: null }
    await runAround(context, stepId, action, action.before, () =>
      stepChangeSql(run.id, stepId, { state: 'running', direction, checkpoint }),
    )
    noteStep(run, stepId, { checkpoint })
  }
  if (row.checkpoint?.next !== 'after') {
    await runRanges(context, run, row, action, { direction, during: 'ranges', behind: 'after', locksRows: true })
  }
  await runAround(context, stepId, action, action.after, () => stepChangeSql(run.id, stepId, { state: end, direction }))
  noteStep(run, stepId, { state: end, direction })
  return row.rowsDone
}

async function runAround(
  context: RunContext,
  stepId: string,
  action: BatchAction,
  sql: string[],
  journalSql: () => string,
): Promise<void> {
  const { settings } = action
  await runTransaction(
    context,
    stepId,
    { kind: 'transaction', sql, locks: [], patience: 'bounded', settings },
    journalSql,
  )
}

/** How ranges are entered in the journal, and whether callers can meet their row locks. */
export interface RangeStage {
  direction: Direction
  during: Checkpoint['next']
  behind: Checkpoint['next']
  locksRows: boolean
}

/** Runs the ranges that are left; ends with the checkpoint behind them. */
export async function runRanges(
  context: RunContext,
  run: Run,
  row: StepRow,
  action: BatchAction,
  stage: RangeStage,
): Promise<void> {
  const lock = { schema: action.schema, name: action.table, mode: 'ShareRowExclusiveLock' as const }
  const targets = await findLockTargets(context.client, [lock])
  const progress: Progress = {
    after: row.checkpoint?.key ?? null,
    rowsDone: row.rowsDone,
    rowsTotal: row.rowsTotal,
    rows: rangeRowsFirst,
    startedAt: Date.now(),
    rowsAtStart: row.rowsDone,
    saidAt: 0,
  }
  await prepareBatch(context.client, action)
  try {
    while (await runRange(context, run, row.stepId, action, stage, progress, targets)) {
      noteStep(run, row.stepId, {
        checkpoint: { next: stage.during, key: progress.after },
        rowsDone: progress.rowsDone,
      })
      sayProgress(context, row.stepId, progress)
      throwIfStopped(context.signal)
    }
  } finally {
    await releaseBatch(context.client, action).catch(() => {})
  }
  await setStep(context.client, run, row.stepId, {
    state: 'running',
    direction: stage.direction,
    checkpoint: { next: stage.behind, key: null },
    rowsDone: progress.rowsDone,
  })
}

/** Runs one range; false when there is none left. */
async function runRange(
  context: RunContext,
  run: Run,
  stepId: string,
  action: BatchAction,
  stage: RangeStage,
  progress: Progress,
  targets: LockTarget[],
): Promise<boolean> {
  return await underEtiquette(context, stepId, targets, async (how) => {
    if (how.number > 1) {
      // The fewer rows, the sooner the range is through, and the fewer row locks it holds while it waits for one.
      progress.rows = Math.max(1, Math.floor(progress.rows / 2))
    }
    try {
      return await attemptRange(context, run, stepId, action, stage, progress)
    } catch (error) {
      await context.client.query('ROLLBACK').catch(() => {})
      throw error
    }
  })
}

async function attemptRange(
  context: RunContext,
  run: Run,
  stepId: string,
  action: BatchAction,
  stage: RangeStage,
  progress: Progress,
): Promise<boolean> {
  const { client } = context
  context.lease.assertHeld()
  const begun = await runScript(client, [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE',
    epochSql,
    ...settingsSql(action.settings),
    // A generic plan cannot know that the lower end of the range is given, and would read the table from its start. A
    // server that crashes loses the range and its checkpoint together, so nobody waits for the disk under row locks.
    `SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '${waitBudgetMs(context)}', true),
            set_config('plan_cache_mode', 'force_custom_plan', true), set_config('synchronous_commit', 'off', true)`,
    boundarySql(action, progress.after, progress.rows),
  ])
  assertEpoch(begun.at(1)?.rows[0], context.epoch)
  const end = readBoundary(action, progress.after, begun.at(-1)?.rows[0])
  if (end === undefined) {
    await client.query('COMMIT')
    return false
  }
  const startedAt = Date.now()
  const statements = rangeSql(action, progress.after, end, run.now)
  const checkpoint = { next: stage.during, key: end }
  const { direction } = stage
  // One message: a round trip in between would lengthen the time for which rows are locked. What the range itself
  // touched is known only afterwards, and is entered with the next one.
  const results = await runScript(client, [
    ...(progress.rows === 1 || !stage.locksRows ? statements : underDeadline(statements, context.maxLockMs)),
    "SELECT set_config('statement_timeout', '0', true)",
    ...ownRoleSql(action.settings),
    stepChangeSql(run.id, stepId, { state: 'running', direction, checkpoint, rowsDone: progress.rowsDone }),
    'COMMIT',
  ])
  const rowsDone = progress.rowsDone + (results.at(-4 - ownRoleSql(action.settings).length)?.rowCount ?? 0)
  Object.assign(progress, { after: end, rowsDone })
  progress.rows = nextRows(progress.rows, Date.now() - startedAt, stage.locksRows ? context.maxLockMs : Infinity)
  return true
}

/** Gives all statements together the time, by the server's clock. */
function underDeadline(statements: string[], ms: number): string[] {
  const now = '(extract(epoch FROM clock_timestamp()) * 1000)'
  const left = `greatest(1, ceil(${ms} - (${now} - current_setting('freehold.since')::numeric)))::bigint::text`
  return [
    `SELECT set_config('freehold.since', ${now}::text, true)`,
    ...statements.flatMap((sql) => [`SELECT set_config('statement_timeout', ${left}, true)`, sql]),
  ]
}

/** Returns the rows of the next range: as many as take the time aimed at, and no more than twice what was tried. */
export function nextRows(rows: number, tookMs: number, maxLockMs: number): number {
  const aim = Math.min(rangeMs, 0.6 * maxLockMs)
  const factor = Math.min(2, Math.max(0.25, aim / Math.max(1, tookMs)))
  return Math.min(rangeRowsMax, Math.max(1, Math.floor(rows * factor)))
}

/** Returns the table's rows as they were last counted; null where they never were. */
export async function estimateRows(
  context: RunContext,
  action: { schema: string; table: string },
): Promise<number | null> {
  const { rows } = await context.client.query<{ rows: number }>(
    `SELECT c.reltuples::float8 AS rows FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [action.schema, action.table],
  )
  const estimate = rows[0]?.rows ?? -1
  return estimate < 0 ? null : Math.round(estimate)
}

function sayProgress(context: RunContext, stepId: string, progress: Progress): void {
  const now = Date.now()
  if (now - progress.saidAt < factPauseMs) {
    return
  }
  progress.saidAt = now
  const seconds = Math.max(0.001, (now - progress.startedAt) / 1000)
  const perSecond = Math.round((progress.rowsDone - progress.rowsAtStart) / seconds)
  const { rowsDone: done, rowsTotal: total } = progress
  const left = total === null ? null : Math.max(0, total - done)
  const remainingMs = left === null || perSecond === 0 ? null : Math.round((left / perSecond) * 1000)
  context.onFact({ kind: 'stepProgress', stepId, what: 'rows', done, total, perSecond, remainingMs })
}
