import type { PartitionCmd } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { onCommand, quoted, type Rule } from '../rule.ts'

export const attachPartition: Rule = {
  name: 'attach-partition',
  number: 57,
  severity: 'warning',
  title: 'A table with rows becomes a partition.',
  why: 'It is read under ACCESS EXCLUSIVE to see that all rows are within its bound; a default partition is read for rows that are not its own any more.',
  remedy:
    'Add the bound as a CHECK to it NOT VALID and validate that in an earlier migration, so that ATTACH has nothing to read; where it would read a large table Freehold refuses it.',
  checks: onCommand(['AT_AttachPartition'], (command, table, sight) => {
    const partition = bodyOf<PartitionCmd>(command.def, 'PartitionCmd')?.name
    const isIndex = 'AlterTableStmt' in sight.node && sight.node.AlterTableStmt.objtype === 'OBJECT_INDEX'
    if (!isIndex && sight.inUse(partition)) {
      sight.report(`attaches ${quoted(partition?.relname)} to ${table}`)
    }
  }),
}
