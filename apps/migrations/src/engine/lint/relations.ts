/** Questions about the tables that a statement names. */
import type { RangeVar } from '@pgsql/types'
import { type Sight, tableOf } from './rule.ts'

/** Tells whether the relation is in use and neither a partitioned table nor a materialized view. */
export function isOnPlainTable(sight: Sight, relation: RangeVar | undefined): boolean {
  const kind = tableOf(sight, relation)?.kind
  return sight.inUse(relation) && kind !== 'partitioned' && kind !== 'materializedView'
}

/** Tells whether the relation is in use and a partitioned table. */
export function isPartitioned(sight: Sight, relation: RangeVar | undefined): boolean {
  return sight.inUse(relation) && tableOf(sight, relation)?.kind === 'partitioned'
}
