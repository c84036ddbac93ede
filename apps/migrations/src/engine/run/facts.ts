import type { LockMode, Phase } from '../plan/step.ts'

/** A session in the way of a lock. */
export interface Blocker {
  pid: number | null
  application: string
  user: string
  /** Age of its transaction. */
  ageMs: number
  state: string
  /** Its statement, cut to 200 characters; null where this role may not see it. */
  query: string | null
}

/** What happens while the engine works, for whoever shows it; facts are hints, the journal is the truth. */
export type Fact =
  | { kind: 'preparing'; what: 'connect' | 'inspect' | 'rehearse' | 'plan' | 'prove'; detail?: string }
  | { kind: 'phaseStarted'; phase: Phase | 'undo'; steps: number }
  | { kind: 'stepStarted'; stepId: string; position: number; steps: number; reason: string; sql: string }
  | {
      kind: 'stepProgress'
      stepId: string
      what: 'rows' | 'blocks' | 'lockers'
      done: number
      total: number | null
      perSecond: number | null
      remainingMs: number | null
    }
  | {
      kind: 'waiting'
      stepId: string
      relation: string | null
      mode: LockMode | null
      waitedMs: number
      attempts: number
      blockers: Blocker[]
    }
  | { kind: 'stepFinished'; stepId: string; durationMs: number; waitedMs: number; heldMs: number; rows: number | null }
  | { kind: 'takingBack'; stepId: string; sqlstate: string | null; message: string }
  | { kind: 'note'; text: string }

export type OnFact = (fact: Fact) => void
