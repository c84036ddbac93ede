import type { PartitionCmd } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { onCommand, quoted, type Rule } from '../rule.ts'

export const detachPartition: Rule = {
  name: 'detach-partition',
  number: 58,
  severity: 'note',
  title: 'A partition of a table that is in use is detached.',
  why: 'It takes ACCESS EXCLUSIVE on the partitioned table and on the partition: behind one long query all others wait.',
  remedy: 'Freehold detaches it CONCURRENTLY, and finishes one that was cut off.',
  checks: onCommand(['AT_DetachPartition'], (command, table, sight) => {
    const partition = bodyOf<PartitionCmd>(command.def, 'PartitionCmd')
    if (partition?.concurrent !== true) {
      sight.report(`detaches ${quoted(partition?.name?.relname)} from ${table}`)
    }
  }),
}
