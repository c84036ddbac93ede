import { type EndSight, quotedList, type Rule } from '../rule.ts'
import { strongLocks, transactionsOf } from '../strong-locks.ts'

export const severalTablesLocked: Rule = {
  name: 'several-tables-locked',
  number: 74,
  severity: 'note',
  title: 'Several tables are locked with ACCESS EXCLUSIVE in one transaction.',
  why: 'All are locked until the last lock is granted and its work done; transactions that use them in another order deadlock with it.',
  remedy: 'Freehold locks one table in a transaction, or several in one order with a deadline over all.',
  checks: {
    end(sight) {
      for (const units of transactionsOf(sight.outline.units)) {
        reportSecond(units, sight)
      }
    },
  },
}

function reportSecond(units: EndSight['outline']['units'], { inUse, report }: EndSight): void {
  const held = new Set<string>()
  for (const { node, statement } of units) {
    for (const relation of strongLocks(node).filter((each) => inUse(each))) {
      held.add(relation.relname ?? '')
    }
    if (held.size > 1) {
      report(statement, `by now ${quotedList(held)} are locked together`)
      return
    }
  }
}
