import type { RelationLock } from '../plan/step.ts'

/** What Postgres did when one unit was run plainly on the shadow, in a transaction of its own. */
export interface Observation {
  /** Strongest lock on each relation that existed before the first unit of the plan. */
  locks: RelationLock[]
  /** Tables (`schema.name` as raw text) that existed before and got a new filenode. */
  rewrites: string[]
  /** Tables that existed before of which an index was built or rebuilt. */
  indexBuilds: string[]
  /** Tables that existed before and were read in full. */
  scans: string[]
  rowsTouched: number | null
  error: { sqlstate: string; message: string; position: number | null } | null
}
