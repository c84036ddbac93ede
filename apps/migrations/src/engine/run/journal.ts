/**
 * The record of runs and their steps in the target database: the truth from which a run goes on, whoever goes on with
 * it. A step's row changes in the same transaction as what the step does, wherever Postgres allows that.
 */
import { randomBytes } from 'node:crypto'
import { type Client, quoteLiteral } from '@freehold/postgres'
import type { RunState, RunSummary } from '../commands/outcomes.ts'
import type { Catalog } from '../inspect/catalog.ts'
import type { Plan } from '../plan/plan.ts'
import type { Key } from './batch-statements.ts'
import { hasJournal } from './journal-schema.ts'

export type StepState = 'pending' | 'running' | 'applied' | 'undone' | 'inDoubt'
export type Direction = 'do' | 'undo'

/** How far a batched step or a twin is. */
export interface Checkpoint {
  /** What comes next: of a batched step ranges after `key`, or what follows the last range; of a twin a stage. */
  next: 'ranges' | 'after' | TwinStage
  key: Key
}

/** Stages of a twin in their order; `copy` and `compare` go on after `key`, `build` with the part of that number. */
export type TwinStage = 'make' | 'watch' | 'copy' | 'build' | 'compare' | 'swap' | 'validate'

export interface StepRow {
  stepId: string
  position: number
  direction: Direction
  state: StepState
  checkpoint: Checkpoint | null
  rowsDone: number
  rowsTotal: number | null
  waitedMs: number
  heldMs: number
  attempts: number
}

export interface RunError {
  stepId: string | null
  sqlstate: string | null
  message: string
}

/** One execution of a plan with all that the journal has of it. */
export interface Run {
  id: string
  plan: Plan
  state: RunState
  startedAt: string
  finishedAt: string | null
  /** The fixed value of now() for everything that the run does, as text. */
  now: string
  error: RunError | null
  /** A command ended with the window open, so that both versions may be in use. */
  isWindowRecorded: boolean
  /** Where the table of what is applied has each migration, as `read/history.ts` wrote it. */
  historyRows: Record<string, string>
  verifiedFingerprint: string | null
  /** The schema that the run ends in; read by `findLastVerifiedRun` only, for it is large. */
  verifiedCatalog: Catalog | null
  steps: Map<string, StepRow>
}

/** States in which a run is not at its end. */
export const openStates: readonly RunState[] = ['running', 'windowOpen', 'contracting', 'undoing']

/**
 * Enters a new run, with the schema that it should end in where that is known; the caller's transaction decides when it
 * is there.
 */
export async function insertRun(client: Client, plan: Plan, after: Catalog | null, epoch: string): Promise<string> {
  const id = toUuidV7(Date.now())
  await client.query(
    `INSERT INTO freehold.migration_runs (id, plan, state, started_at, epoch, catalog)
     VALUES ($1, $2, 'running', clock_timestamp(), $3, $4)`,
    [id, JSON.stringify(plan), epoch, after === null ? null : JSON.stringify(after)],
  )
  await client.query(
    `INSERT INTO freehold.run_steps (run_id, step_id, position)
     SELECT $1, step_id, position FROM unnest($2::text[]) WITH ORDINALITY AS given (step_id, position)`,
    [id, plan.steps.map((step) => step.id)],
  )
  return id
}

/** Returns the run, or undefined. */
export async function findRun(client: Client, id: string): Promise<Run | undefined> {
  return (await queryRuns(client, 'WHERE r.id = $1', [id]))[0]
}

/** Returns the run that is not at its end, if there is one. */
export async function findOpenRun(client: Client): Promise<Run | undefined> {
  return (await queryRuns(client, 'WHERE r.state = ANY ($1) ORDER BY r.started_at DESC', [openStates]))[0]
}

/** Returns the latest run that was verified, with the schema that Freehold left behind. */
export async function findLastVerifiedRun(client: Client): Promise<Run | undefined> {
  const tail = 'WHERE r.verified_fingerprint IS NOT NULL ORDER BY r.started_at DESC LIMIT 1'
  const [run] = await queryRuns(client, tail)
  return run === undefined ? undefined : { ...run, verifiedCatalog: await readRunCatalog(client, run.id) }
}

/** Returns the schema that the run should end in or, once verified, did end in; null where it is not known. */
export async function readRunCatalog(client: Client, id: string): Promise<Catalog | null> {
  const { rows } = await client.query<{ catalog: Catalog | null }>(
    'SELECT catalog FROM freehold.migration_runs WHERE id = $1',
    [id],
  )
  return rows[0]?.catalog ?? null
}

/** Returns all runs, the latest first. */
export async function readRuns(client: Client): Promise<Run[]> {
  return await queryRuns(client, 'ORDER BY r.started_at DESC')
}

/** Returns the ids of migrations of runs that were taken back. */
export async function readTakenBack(client: Client): Promise<Set<string>> {
  if (!(await hasJournal(client))) {
    return new Set()
  }
  const { rows } = await client.query<{ id: string }>(
    `SELECT DISTINCT migration ->> 'id' AS id
       FROM freehold.migration_runs, jsonb_array_elements(plan -> 'migrations') AS migration
      WHERE state IN ('undone', 'failed')`,
  )
  return new Set(rows.map(({ id }) => id))
}

async function queryRuns(client: Client, tail: string, values: unknown[] = []): Promise<Run[]> {
  if (!(await hasJournal(client))) {
    return []
  }
  const { rows } = await client.query<Omit<Run, 'steps' | 'verifiedCatalog'> & { steps: StepRow[] | null }>(
    `SELECT r.id, r.plan, r.state, r.error, r.prisma_rows AS "historyRows", r.verified_fingerprint AS "verifiedFingerprint",
            r.window_catalog IS NOT NULL AS "isWindowRecorded",
            to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startedAt",
            to_char(r.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "finishedAt",
            to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS now,
            (SELECT json_agg(json_build_object(
               'stepId', s.step_id, 'position', s.position, 'direction', s.direction, 'state', s.state,
               'checkpoint', s.checkpoint, 'rowsDone', s.rows_done, 'rowsTotal', s.rows_total,
               'waitedMs', s.waited_ms, 'heldMs', s.held_ms, 'attempts', s.attempts) ORDER BY s.position)
               FROM freehold.run_steps s WHERE s.run_id = r.id) AS steps
       FROM freehold.migration_runs r ${tail}`,
    values,
  )
  return rows.map((row) => ({
    ...row,
    verifiedCatalog: null,
    steps: new Map((row.steps ?? []).map((step) => [step.stepId, step])),
  }))
}

/** Returns what people are shown of a run. */
export function toSummary(run: Run): RunSummary {
  const steps = [...run.steps.values()]
  return {
    runId: run.id,
    state: run.state,
    migrations: run.plan.migrations.map((migration) => migration.id),
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    steps: { total: steps.length, applied: steps.filter((step) => step.state === 'applied').length },
    waitedMsMax: Math.max(0, ...steps.map((step) => step.waitedMs)),
    heldMsMax: Math.max(0, ...steps.map((step) => step.heldMs)),
    error: run.error === null ? null : { sqlstate: run.error.sqlstate, message: run.error.message },
  }
}

const endStates: readonly RunState[] = ['done', 'undone', 'failed']

/** Puts the run into another state, in the database and in `run`. */
export async function setRunState(client: Client, run: Run, state: RunState, error = run.error): Promise<void> {
  const ended = endStates.includes(state)
  const { rows } = await client.query<{ finished: string | null }>(
    `UPDATE freehold.migration_runs
        SET state = $2, error = $3, finished_at = CASE WHEN $4 THEN clock_timestamp() END
      WHERE id = $1
      RETURNING to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS finished`,
    [run.id, state, error === null ? null : JSON.stringify(error), ended],
  )
  run.state = state
  run.error = error
  run.finishedAt = rows[0]?.finished ?? null
}

/** Enters which rows of the table of what is applied are the run's, by migration. */
export async function setHistoryRows(client: Client, runId: string, rows: Record<string, string>): Promise<void> {
  await client.query('UPDATE freehold.migration_runs SET prisma_rows = $2 WHERE id = $1', [runId, JSON.stringify(rows)])
}

/** Enters the schema that the run left behind. */
export async function setVerified(client: Client, run: Run, fingerprint: string, catalog: Catalog): Promise<void> {
  await client.query('UPDATE freehold.migration_runs SET verified_fingerprint = $2, catalog = $3 WHERE id = $1', [
    run.id,
    fingerprint,
    JSON.stringify(catalog),
  ])
  run.verifiedFingerprint = fingerprint
}

/** Enters the schema as it is while the run's window is open. */
export async function setWindowCatalog(client: Client, run: Run, catalog: Catalog): Promise<void> {
  await client.query('UPDATE freehold.migration_runs SET window_catalog = $2 WHERE id = $1', [
    run.id,
    JSON.stringify(catalog),
  ])
  run.isWindowRecorded = true
}

/** Returns the schema as it was when the run's window was opened; null where that is not known. */
export async function readWindowCatalog(client: Client, runId: string): Promise<Catalog | null> {
  const { rows } = await client.query<{ catalog: Catalog | null }>(
    'SELECT window_catalog AS catalog FROM freehold.migration_runs WHERE id = $1',
    [runId],
  )
  return rows[0]?.catalog ?? null
}

/** What changes in a step's row; what is left out stays. */
export interface StepChange {
  state: StepState
  direction: Direction
  checkpoint?: Checkpoint | null
  rowsDone?: number
  rowsTotal?: number | null
}

/** Changes the step's row, in the database and in `run`. */
export async function setStep(client: Client, run: Run, stepId: string, change: StepChange): Promise<void> {
  await client.query(stepChangeSql(run.id, stepId, change))
  noteStep(run, stepId, change)
}

/** Takes over into `run` what the database has committed. */
export function noteStep(run: Run, stepId: string, change: Partial<StepRow>): void {
  const row = run.steps.get(stepId)
  if (row === undefined) {
    throw new Error(`the run ${run.id} has no step ${stepId}`)
  }
  Object.assign(row, change)
}

/** SQL for how long a step waited for its locks and held them, and how many tries it took. */
export interface StepTimes {
  waitedMs: string
  heldMs: string
  attempts: number
}

/**
 * Returns the statement that changes a step's row, with literals, for a script. Of the times, the longest that the step
 * had is kept; the statement returns those of this once.
 */
export function stepChangeSql(runId: string, stepId: string, change: StepChange, times?: StepTimes): string {
  const sets = [
    `state = ${quoteLiteral(change.state)}`,
    `direction = ${quoteLiteral(change.direction)}`,
    'started_at = coalesce(started_at, clock_timestamp())',
    `finished_at = ${change.state === 'applied' || change.state === 'undone' ? 'clock_timestamp()' : 'NULL'}`,
  ]
  if (change.checkpoint !== undefined) {
    const value = change.checkpoint === null ? 'NULL' : quoteLiteral(JSON.stringify(change.checkpoint))
    sets.push(`checkpoint = ${value}`)
  }
  if (change.rowsDone !== undefined) {
    sets.push(`rows_done = ${change.rowsDone}`)
  }
  if (change.rowsTotal !== undefined) {
    sets.push(`rows_total = ${change.rowsTotal ?? 'NULL'}`)
  }
  if (change.state === 'running' && change.checkpoint === undefined) {
    sets.push('attempts = attempts + 1')
  }
  if (times !== undefined) {
    sets.push(`waited_ms = greatest(waited_ms, ${times.waitedMs})`, `held_ms = greatest(held_ms, ${times.heldMs})`)
    sets.push(`attempts = greatest(attempts, ${times.attempts})`)
  }
  return `UPDATE freehold.run_steps SET ${sets.join(', ')}
    WHERE run_id = ${quoteLiteral(runId)} AND step_id = ${quoteLiteral(stepId)}
    RETURNING (${times?.waitedMs ?? '0'})::float8 AS "waitedMs", (${times?.heldMs ?? '0'})::float8 AS "heldMs"`
}

/** Returns a UUID of version 7: it sorts by the time at which it was made. */
export function toUuidV7(atMs: number): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(atMs, 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
