import type { WorkerLog } from '@freehold/service/events'
import type { ConnectionSources } from '../domain/resolve-connection.ts'
import type { Store } from '../store/schema.ts'

/** What every worker is given. */
export interface WorkerSetup {
  store: Store
  sources: ConnectionSources
  /** `migrations@0.1.0#a1`: who holds a lease, and the application_name of every session on a user's database. */
  applicationName: string
  /** A worker that is silent for so long has lost its work to another. */
  leaseMs: number
  pollMs: number
  /** A plan that is not made by then has failed. */
  planTimeoutMs: number
  /** How many runs one process carries out at the same time. */
  runsParallel: number
  /** The folder in which migrations are laid out for the engine. */
  scratchFolder: string
  log: WorkerLog
}

/** Attempts that end in something passing before a person has to look: with its pauses, about ten minutes. */
export const failuresMax = 25

/** Returns how long to wait after so many such attempts: from half a second to 30 s. */
export function pauseAfter(failures: number): number {
  return Math.min(30_000, 500 * 2 ** Math.min(failures, 10))
}
