/** What is reported of statements that only a twin of the table takes online. */
import type { RangeVar } from '@pgsql/types'
import { keysOf } from './relations.ts'
import { type Sight, tableOf } from './rule.ts'

/** Reports the statement: as a warning where the folder shows that a twin cannot be made of the table. */
export function reportTwin(message: string, sight: Sight & { relation: RangeVar }, at?: { location?: number }): void {
  const obstacle = obstacleOf(sight)
  if (obstacle === undefined) {
    sight.report(message, at)
  } else {
    sight.report(`${message}; ${obstacle}, so Freehold refuses it unless the table is small`, at, 'warning')
  }
}

function obstacleOf(sight: Sight & { relation: RangeVar }): string | undefined {
  const table = tableOf(sight, sight.relation)
  if (table === undefined || table.isPartlyKnown) {
    return undefined
  }
  if (table.kind === 'partitioned') {
    return 'the table is partitioned'
  }
  const isKey = (key: (string | null)[]) => key.every((name) => table.columns.get(name ?? '')?.isNotNull === true)
  return keysOf(table, sight.schema).some(isKey) ? undefined : 'the table has no key'
}
