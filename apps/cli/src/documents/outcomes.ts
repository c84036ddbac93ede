import type {
  BaselineOutcome,
  DeployOutcome,
  DiffOutcome,
  DriftOutcome,
  LintOutcome,
  ResolveOutcome,
  RunSummary,
  StatusOutcome,
  UndoOutcome,
} from '@freehold/migrations/engine'
import { z } from 'zod'
import type { ErrorDocument } from '../render/problem.ts'
import { refusalDocument } from './plan.ts'

const phase = z.enum(['expand', 'backfill', 'contract'])

const runShape = {
  runId: z.string(),
  state: z.enum(['running', 'windowOpen', 'contracting', 'done', 'undoing', 'undone', 'failed']),
  migrations: z.array(z.string()),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  steps: z.strictObject({ total: z.int(), applied: z.int() }),
  waitedMsMax: z.number(),
  heldMsMax: z.number(),
  error: z.strictObject({ sqlstate: z.string().nullable(), message: z.string() }).nullable(),
}
const run = z.strictObject(runShape) satisfies z.ZodType<RunSummary>

/** What `deploy --json` and `complete --json` print. */
export const deployDocument = z.strictObject({
  outcome: z.enum(['nothingPending', 'done', 'windowOpen']),
  applied: z.array(z.string()),
  run: run.nullable(),
  warnings: z.array(z.string()),
}) satisfies z.ZodType<Omit<DeployOutcome, 'plan'>>

export const undoDocument = z.strictObject({
  outcome: z.enum(['undone', 'dryRun']),
  migrations: z.array(z.string()),
  steps: z.array(z.strictObject({ stepId: z.string(), phase, sql: z.array(z.string()) })),
}) satisfies z.ZodType<UndoOutcome>

export const statusDocument = z.strictObject({
  migrations: z.array(
    z.strictObject({
      id: z.string(),
      state: z.enum(['applied', 'pending', 'failed', 'started', 'missing', 'edited', 'rolledBack']),
    }),
  ),
  openRun: z
    .strictObject({
      ...runShape,
      remaining: z.array(z.strictObject({ stepId: z.string(), phase, reason: z.string() })),
    })
    .nullable(),
  warnings: z.array(z.string()),
}) satisfies z.ZodType<StatusOutcome>

export const historyDocument = z.strictObject({ runs: z.array(run) })

export const driftDocument = z.strictObject({
  differences: z
    .array(
      z.strictObject({
        object: z.string(),
        what: z.string(),
        expected: z.string().nullable(),
        found: z.string().nullable(),
      }),
    )
    .nullable(),
  fingerprint: z.string(),
}) satisfies z.ZodType<DriftOutcome>

/** What `diff --json` prints. */
export const diffDocument = z.strictObject({
  outcome: z.enum(['written', 'noDifference']),
  migrationId: z.string().nullable(),
  file: z.string().nullable(),
  sql: z.string(),
  renames: z.array(z.string()),
  unanswered: z.array(z.string()),
}) satisfies z.ZodType<DiffOutcome>

/** What `baseline --json` prints. */
export const baselineDocument = z.strictObject({
  applied: z.array(z.string()),
  warnings: z.array(z.string()),
}) satisfies z.ZodType<BaselineOutcome>

/** What `resolve --json` prints. */
export const resolveDocument = z.strictObject({
  migrationId: z.string(),
  state: z.enum(['applied', 'rolledBack']),
}) satisfies z.ZodType<ResolveOutcome>

const severity = z.enum(['error', 'warning', 'note'])

const findingShape = {
  rule: z.string(),
  severity,
  migrationId: z.string(),
  file: z.string(),
  line: z.int(),
  column: z.int(),
  statement: z.string(),
  message: z.string(),
  why: z.string(),
  remedy: z.string(),
}

/** What `lint --json` prints. */
export const lintDocument = z.strictObject({
  migrations: z.int(),
  counts: z.strictObject({ error: z.int(), warning: z.int(), note: z.int() }),
  findings: z.array(z.strictObject(findingShape)),
  suppressed: z.array(z.strictObject({ ...findingShape, reason: z.string() })),
}) satisfies z.ZodType<LintOutcome>

/** What every command prints with --json where it did not end well. */
export const errorDocument = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    sqlstate: z.string().nullable(),
    migrationId: z.string().nullable(),
    line: z.int().nullable(),
    column: z.int().nullable(),
    lines: z.array(z.string()),
    refusals: z.array(refusalDocument),
  }),
}) satisfies z.ZodType<ErrorDocument>
