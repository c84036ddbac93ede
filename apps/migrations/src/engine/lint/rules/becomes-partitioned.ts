import type { RangeVar } from '@pgsql/types'
import { droppedRelations } from '../relations.ts'
import { quoted, type Rule, type Sight } from '../rule.ts'

export const becomesPartitioned: Rule = {
  name: 'becomes-partitioned',
  number: 59,
  severity: 'warning',
  title: 'A partitioned table takes the name of a table that is in use.',
  why: 'No statement turns a table into a partitioned one: until the rows are copied, the application finds it empty or not at all.',
  remedy:
    'Make the partitioned table under another name, attach the old one to it as a partition with its bound as a validated CHECK, so that no row is copied, and exchange the names last.',
  checks: {
    RenameStmt({ renameType, relation }, sight) {
      if (renameType === 'OBJECT_TABLE') {
        report(relation, sight)
      }
    },
    DropStmt(drop, sight) {
      for (const relation of drop.removeType === 'OBJECT_TABLE' ? droppedRelations(drop) : []) {
        report(relation, sight)
      }
    },
  },
}

function report(relation: RangeVar | undefined, sight: Sight): void {
  if (sight.inUse(relation) && sight.outline.makesPartitioned(relation?.relname ?? '')) {
    sight.report(`makes room for a partitioned table with the name ${quoted(relation?.relname)}`)
  }
}
