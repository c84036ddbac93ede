/** What of an observation would make callers wait on the live database, at the live sizes. */

import type { RelationName } from '../rehearse/observation.ts'
import type { PlanContext, PlanningUnit } from './draft.ts'
import { type LockMode, lockModes, type RelationLock } from './step.ts'

/** What a unit would do to tables that exist and are not so small that it does not matter. */
export interface Seen {
  rewrites: RelationName[]
  builds: RelationName[]
  scans: RelationName[]
}

/** Tells whether callers that write (or read) wait behind this mode. */
export function isStrong(mode: LockMode): boolean {
  return lockModes.indexOf(mode) >= lockModes.indexOf('ShareLock')
}

/** Returns the locks that callers can meet: those that conflict with reading or writing rows. */
export function strongLocks(locks: RelationLock[]): RelationLock[] {
  return locks.filter((lock) => isStrong(lock.mode))
}

/** Returns the rewrites, index builds and scans that would hold a strong lock for longer than the bound. */
export function seenOnLiveTables(unit: PlanningUnit, context: PlanContext): Seen {
  const { observation } = unit
  const strong = new Set(strongLocks(observation.locks).map(keyOf))
  const matters = (name: RelationName): boolean => !context.isNew(name) && !isSmall(name, context)
  return {
    rewrites: observation.rewrites.filter(matters),
    builds: observation.indexBuilds.filter(matters),
    // A read under a weak lock keeps nobody waiting, however long it takes.
    scans: observation.scans.filter((name) => matters(name) && strong.has(keyOf(name))),
  }
}

/** Tells whether the unit would keep somebody waiting. */
export function isHeavy(seen: Seen): boolean {
  return seen.rewrites.length + seen.builds.length + seen.scans.length > 0
}

function isSmall(name: RelationName, context: PlanContext): boolean {
  const size = context.sizeOf(name)
  return context.briefTableBytes > 0 && size !== undefined && size.totalBytes <= context.briefTableBytes
}

function keyOf(name: RelationName): string {
  return `${name.schema}\0${name.name}`
}
