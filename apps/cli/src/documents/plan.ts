import type { Plan, PlannedStatement, Refusal } from '@freehold/migrations/engine'
import { z } from 'zod'

/** The format that this version writes and reads. */
export const planFormatVersion = 1

type Step = Plan['steps'][number]

const phase = z.enum(['expand', 'backfill', 'contract'])
const mechanism = z.enum(['brief', 'concurrent', 'validated', 'batched', 'deferred', 'twin'])
const lockMode = z.enum([
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
])
const relationLock = z.strictObject({ schema: z.string(), name: z.string(), mode: lockMode })
const settings = z.record(z.string(), z.string())
const sqlstates = z.array(z.tuple([z.string(), z.string()]))

const twinScript = z.strictObject({
  twin: z.strictObject({ schema: z.string(), name: z.string() }),
  key: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  make: z.array(z.string()),
  watch: z.strictObject({ sql: z.array(z.string()), locks: z.array(relationLock) }),
  boundary: z.string(),
  copy: z.string(),
  builds: z.array(z.array(z.string())),
  apply: z.array(z.string()),
  compare: z.strictObject({ byRange: z.boolean(), sql: z.string() }),
  count: z.string(),
  swap: z.strictObject({ sql: z.array(z.string()), locks: z.array(relationLock) }),
  place: z.strictObject({ sql: z.array(z.string()), isTried: z.boolean() }),
  validate: z.array(z.string()),
  clean: z.array(z.string()),
  abandon: z.strictObject({ sql: z.array(z.string()), locks: z.array(relationLock), clean: z.array(z.string()) }),
})

const action = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('transaction'),
    sql: z.array(z.string()),
    locks: z.array(relationLock),
    patience: z.enum(['bounded', 'patient', 'allowed']),
    settings,
    within: z.exactOptional(z.strictObject({ locks: z.array(relationLock), rewrites: z.array(z.string()) })),
    sqlstates: z.exactOptional(sqlstates),
  }),
  z.strictObject({ kind: z.literal('concurrent'), sql: z.string(), done: z.string(), cleanup: z.array(z.string()) }),
  z.strictObject({
    kind: z.literal('batch'),
    schema: z.string(),
    table: z.string(),
    key: z.array(z.strictObject({ name: z.string(), type: z.string() })),
    boundary: z.string(),
    sql: z.array(z.string()),
    before: z.array(z.string()),
    after: z.array(z.string()),
    settings,
    sqlstates: z.exactOptional(sqlstates),
  }),
  z.strictObject({
    kind: z.literal('twin'),
    schema: z.string(),
    table: z.string(),
    statements: z.array(z.string()),
    settings,
    script: twinScript.nullable(),
  }),
  z.strictObject({
    kind: z.literal('check'),
    examples: z.string(),
    count: z.string(),
    sqlstate: z.string(),
    message: z.string(),
    atPlan: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('none'),
    reason: z.exactOptional(z.string()),
    stays: z.exactOptional(z.literal(true)),
  }),
]) satisfies z.ZodType<Step['do']>

const estimate = z.strictObject({
  holdMs: z.number(),
  durationMs: z.number().nullable(),
  walBytes: z.number(),
  diskBytes: z.number(),
})

const step = z.strictObject({
  id: z.string(),
  migrationId: z.string(),
  statements: z.array(z.int()),
  phase,
  mechanism,
  reason: z.string(),
  do: action,
  undo: action,
  estimate,
}) satisfies z.ZodType<Step>

const statement = z.strictObject({
  migrationId: z.string(),
  index: z.int(),
  line: z.int(),
  sql: z.string(),
  plainLocks: z.array(
    z.strictObject({ schema: z.string(), name: z.string(), mode: lockMode, rows: z.number(), bytes: z.number() }),
  ),
  rewrites: z.array(z.string()),
  scans: z.array(z.string()),
  plainHoldMs: z.number(),
  mechanism,
  phases: z.array(phase),
  steps: z.array(z.string()),
  reason: z.string(),
}) satisfies z.ZodType<PlannedStatement>

export const refusalDocument = z.strictObject({
  migrationId: z.string(),
  index: z.int(),
  line: z.int(),
  sql: z.string(),
  why: z.enum(['twin', 'rule', 'plain', 'proof', 'notRehearsed']),
  sqlstate: z.string().nullable(),
  reason: z.string(),
  estimate: estimate.nullable(),
}) satisfies z.ZodType<Refusal>

const proof = z.strictObject({
  exercised: z.array(z.strictObject({ migrationId: z.string(), index: z.int(), rows: z.number() })),
  stays: z.array(z.string()),
})

export const planDocument = z.strictObject({
  formatVersion: z.literal(planFormatVersion),
  contentHash: z.string(),
  fingerprint: z.string(),
  finalFingerprint: z.string().nullable(),
  serverMajor: z.int(),
  mode: z.enum(['asWritten', 'online']),
  migrations: z.array(z.strictObject({ id: z.string(), checksum: z.string() })),
  postponed: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  statements: z.array(statement),
  steps: z.array(step),
  warnings: z.array(z.string()),
  refusals: z.array(refusalDocument),
  proof: proof.nullable(),
}) satisfies z.ZodType<Plan>

/** What `plan --json` prints, `plan --out` writes and `deploy --plan` reads. */
export const planOutcomeDocument = z.strictObject({
  outcome: z.enum(['planned', 'refused', 'nothingPending']),
  plan: planDocument.nullable(),
  warnings: z.array(z.string()),
})
