/**
 * What a plan is made of. Everything here is plain JSON: it is stored, hashed, shown to people and carried from CI to
 * production, so a step says in SQL what it does, how it is taken back and how to see that it is done.
 */
export type Phase = 'expand' | 'backfill' | 'contract'
export type MechanismName = 'brief' | 'concurrent' | 'validated' | 'batched' | 'deferred' | 'twin'

/** Lock modes as pg_locks.mode shows them, weakest first. */
export const lockModes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const
export type LockMode = (typeof lockModes)[number]

/** A lock on a relation that existed before the step; names are raw. */
export interface RelationLock {
  schema: string
  name: string
  mode: LockMode
}

export interface Step {
  /** Unique in its plan, in order of execution: `e01`, `b01`, `c01` by phase. */
  id: string
  migrationId: string
  /** The statements of that migration which the step carries out, whole or in part; empty for a bridge's own work. */
  statements: number[]
  phase: Phase
  mechanism: MechanismName
  /** One sentence for people: why this and not the statement as written. */
  reason: string
  do: Action
  /** Takes the step back; `none` where there is nothing to take back. */
  undo: Action
  estimate: Estimate
}

export type Action = TransactionAction | ConcurrentAction | BatchAction | TwinAction | CheckAction | NoAction

/** SQL run in one transaction together with the step's row in the journal, so that it is done exactly once. */
export interface TransactionAction {
  kind: 'transaction'
  sql: string[]
  /** Taken in this order before `sql` runs (the runner under the lock etiquette); views before their bases. */
  locks: RelationLock[]
  /**
   * `bounded`: wait plus hold stay within maxLockMs. `patient`: no lock_timeout, for what blocks nobody (VALIDATE).
   * `allowed`: the locks under the etiquette, then as long as it takes, for the user has allowed it to block.
   */
  patience: 'bounded' | 'patient' | 'allowed'
  /** SET LOCAL before `sql`, for example a search_path that the migration set itself. */
  settings: Record<string, string>
  /** For opaque code: before COMMIT the locks on relations that existed and their filenodes must lie within these, else ROLLBACK. */
  within?: { locks: RelationLock[]; rewrites: string[] }
  /** SQLSTATEs of `sql` that mean something else to the user: `[seen, plain]`, such as a CHECK's 23514 for a NOT NULL's 23502. */
  sqlstates?: [string, string][]
}

/** One statement that runs its own transactions (CONCURRENTLY). */
export interface ConcurrentAction {
  kind: 'concurrent'
  sql: string
  /** A query for one boolean: true when the statement's effect is there and valid. Empty where nothing shows it: cut off, it is run again. */
  done: string
  /** Removes what a failed or killed attempt left; each is safe to run when there is nothing. */
  cleanup: string[]
}

/**
 * Work on many rows by ranges of a key, each range in one transaction with its checkpoint in the journal.
 * Parameters of every statement in `sql`: `$1…$n` the key after which the range starts, `$n+1…$2n` the key with which
 * it ends (inclusive), both as text (cast in the SQL); for the first range the lower ones are null. `$2n+1`, used or
 * not, is the run's fixed value of now() as text.
 */
export interface BatchAction {
  kind: 'batch'
  schema: string
  table: string
  key: { name: string; type: string }[]
  /** Gives the key with which the next range ends, one text column a key part: `$1…$n` the last key or null, `$n+1` how many rows a range may hold. No row: the end. */
  boundary: string
  /** Run in order in one transaction a range; the last one's row count is what is reported as touched. */
  sql: string[]
  /** Run once before the first range and after the last, each in a transaction with its journal row. */
  before: string[]
  after: string[]
  settings: Record<string, string>
  sqlstates?: [string, string][]
}

/**
 * A table replaced by a twin of it: made empty, filled by ranges of the key while a trigger logs the keys of what is
 * written, compared, and exchanged with the table in one short transaction.
 */
export interface TwinAction {
  kind: 'twin'
  schema: string
  table: string
  /** What the twin is made for, in the names of its moment; on an exact copy of the schema it says what comes of it. */
  statements: string[]
  /** In force while rows are converted. */
  settings: Record<string, string>
  /** Null until the statements were tried on a shadow in the plan's own order. */
  script: TwinScript | null
}

/** The SQL of a twin, stage by stage; every stage but the last ones can be given up without a trace. */
export interface TwinScript {
  /** Qualified, raw name of the twin until the exchange. */
  twin: { schema: string; name: string }
  /** Of the table, with its types there. */
  key: { name: string; type: string }[]
  /** Makes the twin, the log and the log's functions; nobody knows of them yet. */
  make: string[]
  /** Begins the log of keys. */
  watch: { sql: string[]; locks: RelationLock[] }
  /** As of a BatchAction: gives the end of the next range of the table. */
  boundary: string
  /** Copies one range, with the parameters of a BatchAction. */
  copy: string
  /** Each in a transaction of its own; the first one makes keys quick to find in the twin. */
  builds: string[][]
  /** Brings the rows of all logged keys up to date and empties the log; run in one snapshot. The last one's count is that of the entries. */
  apply: string[]
  /** With the parameters of a range, or whole in one go: gives one boolean, true where the twin's rows are not the table's. */
  compare: { byRange: boolean; sql: string }
  /** Gives one boolean: true where the twin holds as many rows as the table, but for logged keys. */
  count: string
  /** Exchanges the two; to be run behind `apply` in one transaction. */
  swap: { sql: string[]; locks: RelationLock[] }
  /** Owners and rights, as the end of the exchange; `isTried` is false where the shadow has not the roles. */
  place: { sql: string[]; isTried: boolean }
  /** After the exchange: reads rows while everybody goes on. */
  validate: string[]
  /** After the exchange: what nothing needs any more. */
  clean: string[]
  /** Before the exchange: ends the log, then removes every trace. */
  abandon: { sql: string[]; locks: RelationLock[]; clean: string[] }
}

/** A read-only look for rows that the steps after it would fail on; a row found stops the run, which is then taken back. */
export interface CheckAction {
  kind: 'check'
  /** Gives up to three rows as examples, one text column; no row means that nothing violates. */
  examples: string
  /** Gives one bigint: how many rows violate. Run only when there is an example. */
  count: string
  /** What the plain statement fails with, such as 23502. */
  sqlstate: string
  /** Sentence for people, without figures. */
  message: string
  /** True where the rows can be asked before the first step runs, for nothing before it changes the answer. */
  atPlan: boolean
}

export interface NoAction {
  kind: 'none'
  reason?: string
  /** As an undo: the step did something that cannot be taken back, so that what stands before it is not taken back either. */
  stays?: true
}

/** At the live size; null where it is not known. */
export interface Estimate {
  /** How long the step holds its strongest lock. */
  holdMs: number
  durationMs: number | null
  walBytes: number
  diskBytes: number
}
