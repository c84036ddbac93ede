import type { RangeVar } from '@pgsql/types'
import { addedConstraints } from '../migration-outline.ts'
import { droppedRelations } from '../relations.ts'
import { type EndSight, quoted, quotedList, type Rule, type Sight, tableOf } from '../rule.ts'

export const severalForeignKeys: Rule = {
  name: 'several-foreign-keys',
  number: 15,
  severity: 'note',
  title: 'Several foreign keys are added or dropped in one transaction.',
  why: 'Each locks two tables, and all locks are held to the end: callers of every table wait, and may deadlock with it.',
  remedy: 'Freehold adds each foreign key in a transaction of its own, and cuts those of a dropped table one by one.',
  checks: {
    DropStmt(drop, sight) {
      for (const relation of drop.removeType === 'OBJECT_TABLE' ? droppedRelations(drop) : []) {
        const others = referencedBy(relation, sight)
        if (sight.inUse(relation) && others.size > 1) {
          sight.report(`drops ${quoted(relation.relname)} with its foreign keys to ${quotedList(others)}`)
        }
      }
    },
    end: reportAdded,
  },
}

function referencedBy(relation: RangeVar, sight: Sight): Set<string> {
  const constraints = [...(tableOf(sight, relation)?.constraints.values() ?? [])]
  const names = constraints.flatMap(({ references }) => references?.name ?? [])
  return new Set(names.filter((name) => name !== relation.relname && sight.inUse({ relname: name })))
}

/** Three tables that are in use are more than one foreign key can lock. */
const tablesMax = 2

function reportAdded({ outline, inUse, report }: EndSight): void {
  const locked = new Set<string>()
  for (const unit of outline.units.filter((each) => outline.runsInTransaction(each))) {
    for (const { relation, constraint } of addedConstraints(unit.node)) {
      if (constraint.contype !== 'CONSTR_FOREIGN' || !inUse(relation)) {
        continue
      }
      for (const table of [relation, constraint.pktable]) {
        if (inUse(table)) {
          locked.add(table?.relname ?? '')
        }
      }
      if (locked.size > tablesMax) {
        report(unit.statement, `adds another foreign key; by now ${quotedList(locked)} are locked together`, constraint)
        return
      }
    }
  }
}
