import type { Plan } from '../plan/plan.ts'
import type { Phase } from '../plan/step.ts'

export type RunState = 'running' | 'windowOpen' | 'contracting' | 'done' | 'undoing' | 'undone' | 'failed'

/** One execution of a plan, as the journal has it. */
export interface RunSummary {
  runId: string
  state: RunState
  migrations: string[]
  startedAt: string
  finishedAt: string | null
  steps: { total: number; applied: number }
  /** The longest time a step waited for its locks, and held them. */
  waitedMsMax: number
  heldMsMax: number
  error: { sqlstate: string | null; message: string } | null
}

export interface PlanOutcome {
  /** Null when nothing is pending. */
  plan: Plan | null
  warnings: string[]
}

export interface DeployOutcome {
  outcome: 'nothingPending' | 'done' | 'windowOpen'
  applied: string[]
  /** The plan that was carried out; null where nothing was pending. */
  plan: Plan | null
  run: RunSummary | null
  warnings: string[]
}

export interface UndoOutcome {
  outcome: 'undone' | 'dryRun'
  migrations: string[]
  steps: { stepId: string; phase: Phase; sql: string[] }[]
}

export interface StatusOutcome {
  migrations: {
    id: string
    state: 'applied' | 'pending' | 'failed' | 'started' | 'missing' | 'edited' | 'rolledBack'
  }[]
  /** The run whose window is open or that was cut off. */
  openRun: (RunSummary & { remaining: { stepId: string; phase: Phase; reason: string }[] }) | null
  warnings: string[]
}

export interface DriftOutcome {
  /** Differences between the live schema and what the last verified run left behind; null where no run is recorded. */
  differences: { object: string; what: string; expected: string | null; found: string | null }[] | null
  fingerprint: string
}
