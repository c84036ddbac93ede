/**
 * Runs a twin stage by stage. A stage and its entry in the journal are one transaction, so that a runner that was killed
 * is followed by one that goes on where it was; up to the exchange nothing of the user's has changed.
 */
import type { QueryResult } from '@freehold/postgres'
import type { TwinAction, TwinScript } from '../plan/step.ts'
import { Problem } from '../problem.ts'
import { type Direction, noteStep, type Run, type StepRow, setStep, stepChangeSql, type TwinStage } from './journal.ts'
import { assertEpoch, epochSql } from './lease.ts'
import { logRowsAtExchange, rangeMs, rangeRowsFirst, rangeRowsMax } from './limits.ts'
import { underEtiquette, waitBudgetMs } from './lock-etiquette.ts'
import { allowPatience } from './patience.ts'
import { throwIfStopped } from './pause.ts'
import { estimateRows, nextRows, runRanges } from './run-batch.ts'
import { type RunContext, toInterruption } from './run-context.ts'
import { runTransaction, type TransactionOutcome } from './run-transaction.ts'
import { StepError } from './step-error.ts'
import { findLockTargets, runScript } from './transaction-script.ts'
import {
  applySql,
  compareAction,
  compareRanges,
  compareWhole,
  copyAction,
  ddlSql,
  exchangeSql,
  haveSameCount,
  scriptOf,
} from './twin-statements.ts'

/** A twin on its way, in one direction. */
interface Course {
  context: RunContext
  run: Run
  row: StepRow
  action: TwinAction
  script: TwinScript
  direction: Direction
}

const order: TwinStage[] = ['make', 'watch', 'copy', 'build', 'compare', 'swap', 'validate']

/** Runs the twin from wherever the journal says that it is; ends with the step entered as `end`. */
export async function runTwin(
  context: RunContext,
  run: Run,
  row: StepRow,
  action: TwinAction,
  direction: Direction,
  end: 'applied' | 'undone' | 'pending',
): Promise<{ rows: number | null; waitedMs: number; heldMs: number }> {
  const course: Course = { context, run, row, action, script: scriptOf(action), direction }
  const resumes = row.direction === direction && row.state === 'running' && row.checkpoint !== null
  const first = resumes ? order.indexOf(row.checkpoint?.next as TwinStage) : 0
  try {
    for (const stage of order.slice(Math.max(0, first))) {
      throwIfStopped(context.signal)
      await stages[stage](course, end)
    }
  } catch (error) {
    const isCutOff = error instanceof Problem || toInterruption(error, context.signal) !== undefined
    if (direction === 'undo' && !isCutOff && !isExchanged(row)) {
      // What cannot go back leaves the table as it is, without a log that nobody reads.
      await abandonTwin(context, row.stepId, action)
    }
    throw error
  }
  return { rows: row.rowsDone, waitedMs: row.waitedMs, heldMs: row.heldMs }
}

/** Tells whether the twin has taken the table's place. */
export function isExchanged(row: StepRow): boolean {
  return row.checkpoint?.next === 'validate'
}

/** Removes a twin that has not taken the table's place. */
export async function abandonTwin(context: RunContext, stepId: string, action: TwinAction): Promise<void> {
  const { abandon } = scriptOf(action)
  const common = { kind: 'transaction', settings: {} } as const
  const noEntry = (): string => `SELECT 0::float8 AS "waitedMs", 0::float8 AS "heldMs"`
  const { sql, locks, clean } = abandon
  await runTransaction(context, stepId, { ...common, sql: ddlSql(sql), locks, patience: 'bounded' }, noEntry)
  await runTransaction(context, stepId, { ...common, sql: ddlSql(clean), locks: [], patience: 'patient' }, noEntry)
}

const stages: Record<TwinStage, (course: Course, end: 'applied' | 'undone' | 'pending') => Promise<void>> = {
  async make(course) {
    const { context, run, row, action, script, direction } = course
    const rowsTotal = await estimateRows(context, action)
    await setStep(context.client, run, row.stepId, {
      state: 'running',
      direction,
      checkpoint: null,
      rowsDone: 0,
      rowsTotal,
    })
    await patiently(course, ddlSql(script.make), 'watch')
  },
  async watch(course) {
    const { context, row, script } = course
    const { sql, locks } = script.watch
    await runTransaction(
      context,
      row.stepId,
      { kind: 'transaction', sql: ddlSql(sql), locks, patience: 'bounded', settings: {} },
      (times) => entry(course, 'copy', null, times),
    )
    note(course, 'copy', null)
  },
  async copy(course) {
    const { context, run, row, action, direction } = course
    say(course, 'copies its rows')
    await runRanges(context, run, row, copyAction(action, run.now), {
      direction,
      during: 'copy',
      behind: 'build',
      locksRows: false,
    })
  },
  async build(course) {
    const { row, script } = course
    for (let part = Number(row.checkpoint?.key?.[0] ?? 0); part < script.builds.length; part += 1) {
      say(course, `builds its index ${part + 1} of ${script.builds.length}`)
      if (part > 0) {
        // A row that is behind and one that is not may hold a value twice that the table never did.
        await drain(course)
      }
      const isLast = part === script.builds.length - 1
      await patiently(
        course,
        ddlSql(script.builds[part] ?? []),
        isLast ? 'compare' : 'build',
        isLast ? null : [String(part + 1)],
      )
    }
  },
  async compare(course) {
    say(course, 'is compared with the table')
    await drain(course)
    await assertEqual(course)
    const { context, run, row, direction } = course
    await setStep(context.client, run, row.stepId, {
      state: 'running',
      direction,
      checkpoint: { next: 'swap', key: null },
    })
  },
  async swap(course) {
    const { context, run, row, action, script } = course
    say(course, 'takes the table’s place')
    const outcome: TransactionOutcome = await runTransaction(
      context,
      row.stepId,
      {
        kind: 'transaction',
        sql: exchangeSql(action, run.now),
        locks: script.swap.locks,
        patience: 'bounded',
        settings: {},
      },
      (times) => entry(course, 'validate', null, times),
      async () => await drain(course),
    )
    note(course, 'validate', null)
    noteStep(run, row.stepId, { waitedMs: outcome.waitedMs, heldMs: outcome.heldMs })
  },
  async validate(course, end) {
    const { context, run, row, script, direction } = course
    for (const sql of script.validate) {
      await patiently(course, ddlSql([sql]), 'validate')
    }
    await runTransaction(
      context,
      row.stepId,
      { kind: 'transaction', sql: ddlSql(script.clean), locks: [], patience: 'patient', settings: {} },
      (times) => stepChangeSql(run.id, row.stepId, { state: end, direction, checkpoint: null }, times),
    )
    noteStep(run, row.stepId, { state: end, direction, checkpoint: null })
  },
}

function entry(
  course: Course,
  next: TwinStage,
  key: string[] | null,
  times?: Parameters<typeof stepChangeSql>[3],
): string {
  const { run, row, direction } = course
  return stepChangeSql(run.id, row.stepId, { state: 'running', direction, checkpoint: { next, key } }, times)
}

function note({ run, row, direction }: Course, next: TwinStage, key: string[] | null): void {
  noteStep(run, row.stepId, { state: 'running', direction, checkpoint: { next, key } })
}

function say({ context, row, action }: Course, what: string): void {
  context.onFact({ kind: 'note', text: `${row.stepId}: the twin of ${action.table} ${what}` })
}

/** On the twin alone, or on what nobody waits for. */
async function patiently(course: Course, sql: string[], next: TwinStage, key: string[] | null = null): Promise<void> {
  await runTransaction(
    course.context,
    course.row.stepId,
    { kind: 'transaction', sql, locks: [], patience: 'patient', settings: {} },
    (times) => entry(course, next, key, times),
  )
  note(course, next, key)
}

/** Brings logged keys up to date until so few are left that the exchange can take them along. */
async function drain(course: Course): Promise<void> {
  const { context, action } = course
  const deadlineAt = Date.now() + context.lockDeadlineMs
  for (;;) {
    throwIfStopped(context.signal)
    const entries = await applyRound(course)
    if (entries <= logRowsAtExchange) {
      return
    }
    if (Date.now() > deadlineAt) {
      throw new StepError(
        course.row.stepId,
        `rows of ${action.table} are written faster than its twin can follow: run it again when there is less to do`,
      )
    }
  }
}

async function applyRound({ context, run, row, action }: Course): Promise<number> {
  const lock = { schema: action.schema, name: action.table, mode: 'AccessShareLock' as const }
  const targets = await findLockTargets(context.client, [lock])
  return await underEtiquette(context, row.stepId, targets, async () => {
    return await allowPatience(context, row.stepId, async () => {
      context.lease.assertHeld()
      try {
        const results: QueryResult[] = await runScript(context.client, [
          'BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE',
          epochSql,
          `SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '${waitBudgetMs(context)}', true)`,
          ...applySql(action, run.now),
          'COMMIT',
        ])
        assertEpoch(results.at(1)?.rows[0], context.epoch)
        return results.at(-2)?.rowCount ?? 0
      } catch (error) {
        await context.client.query('ROLLBACK').catch(() => {})
        throw error
      }
    })
  })
}

async function assertEqual(course: Course): Promise<void> {
  const { context, run, row, action, script } = course
  const { client } = context
  let rows = rangeRowsFirst
  let startedAt = Date.now()
  const byRange = async (): Promise<boolean> =>
    await compareRanges(client, compareAction(action, run.now), {
      after: row.checkpoint?.key ?? null,
      rows() {
        throwIfStopped(context.signal)
        startedAt = Date.now()
        return rows
      },
      within: (end) => [entry(course, 'compare', end as string[])],
      onRange(end) {
        note(course, 'compare', end as string[])
        rows = Math.min(rangeRowsMax, nextRows(rows, Date.now() - startedAt, rangeMs * 2))
      },
      begin: ['BEGIN ISOLATION LEVEL REPEATABLE READ', epochSql],
    })
  const isEqual = script.compare.byRange
    ? await byRange()
    : await allowPatience(context, row.stepId, async () => await compareWhole(client, action, run.now))
  const isComplete =
    isEqual && (await allowPatience(context, row.stepId, async () => await haveSameCount(client, action)))
  if (!isComplete) {
    throw new StepError(row.stepId, `the rows of the twin of ${action.table} are not those of the table`)
  }
}
