/** Names of what a twin is made of: all in schema freehold, and unique to the statement and the direction. */
import type { RelationName } from '../../rehearse/observation.ts'
import { keptName } from '../kept/kept-names.ts'

export type TwinDirection = 'do' | 'undo'

export interface TwinNames {
  twin: RelationName
  /** The table that was exchanged. */
  kept: RelationName
  log: RelationName
  /** Functions of the triggers that log, which have the same names. */
  logKeys: RelationName
  logEmptied: RelationName
  /** The name of a part of the twin (index, constraint, sequence) until the exchange. */
  hideNew(part: RelationName): string
  /** The name of a part of the table after the exchange. */
  hideOld(part: RelationName): string
}

/** Returns the names; `seed` tells apart what several migrations and statements do to one table. */
export function twinNames(seed: string, table: RelationName, direction: TwinDirection): TwinNames {
  const own = direction === 'do' ? seed : `${seed} undo`
  const named = (prefix: string): RelationName => keptName(own, table, prefix)
  return {
    twin: named('twin'),
    kept: named('kept'),
    log: named('log'),
    logKeys: named('keys'),
    logEmptied: named('emptied'),
    hideNew: (part) => keptName(own, part, 'new').name,
    hideOld: (part) => keptName(own, part, 'old').name,
  }
}
