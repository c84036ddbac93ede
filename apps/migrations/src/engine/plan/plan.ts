import type { Estimate, LockMode, MechanismName, Phase, Step } from './step.ts'

export const planFormatVersion = 1

/** What will be run for a set of pending migrations; JSON that a person can read and approve. */
export interface Plan {
  formatVersion: typeof planFormatVersion
  /** SHA-256 in hex of the plan without this field and without `proof`, keys sorted. */
  contentHash: string
  /** Of the live catalog the plan was made for, without what differs by place. */
  fingerprint: string
  /** Of the catalog that the plan ends in; the live one must equal it after the contract phase. */
  finalFingerprint: string | null
  serverMajor: number
  /** `asWritten`: no table of the user's exists, so nobody can wait and the files run as they stand. */
  mode: 'asWritten' | 'online'
  migrations: { id: string; checksum: string }[]
  /** Migrations that wait until this plan's contract phase is done, with the reason. */
  postponed: { id: string; reason: string }[]
  statements: PlannedStatement[]
  steps: Step[]
  warnings: string[]
  refusals: Refusal[]
  proof: Proof | null
}

/** What one statement would have done as written, beside what will be done instead. */
export interface PlannedStatement {
  migrationId: string
  index: number
  line: number
  sql: string
  /** Strongest plain lock on each relation that existed, with its size. */
  plainLocks: { schema: string; name: string; mode: LockMode; rows: number; bytes: number }[]
  rewrites: string[]
  scans: string[]
  /** How long the strongest of the plain locks would be held at the live size. */
  plainHoldMs: number
  mechanism: MechanismName
  phases: Phase[]
  steps: string[]
  reason: string
}

export interface Refusal {
  migrationId: string
  index: number
  line: number
  sql: string
  /** `twin`: no mechanism of this version is sound; `R`: refused by rule; `plain`: fails plainly too, with the SQLSTATE; `proof`: the proof found a difference. */
  why: 'twin' | 'rule' | 'plain' | 'proof' | 'notRehearsed'
  sqlstate: string | null
  reason: string
  estimate: Estimate | null
}

export interface Proof {
  /** Rows that each data statement touched on the shadow; 0 is reported as not exercised. */
  exercised: { migrationId: string; index: number; rows: number }[]
  /** Objects left after undo by nature, such as an enum value, with the reason. */
  stays: string[]
}
