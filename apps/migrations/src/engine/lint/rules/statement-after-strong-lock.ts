import { type EndSight, quotedList, type Rule } from '../rule.ts'
import { longOver, strongLocks, transactionsOf } from '../strong-locks.ts'

export const statementAfterStrongLock: Rule = {
  name: 'statement-after-strong-lock',
  number: 73,
  severity: 'note',
  title: 'A statement that takes long runs while ACCESS EXCLUSIVE is held.',
  why: 'The lock of the earlier statement is held to the end of the transaction: callers of that table wait for all that follows.',
  remedy: 'Freehold commits after each statement with a strong lock, and runs the long one without it.',
  checks: {
    end(sight) {
      for (const units of transactionsOf(sight.outline.units)) {
        reportFirst(units, sight)
      }
    },
  },
}

function reportFirst(units: EndSight['outline']['units'], { inUse, report }: EndSight): void {
  const held = new Set<string>()
  for (const { node, statement } of units) {
    const isLong = longOver(node).some((relation) => inUse(relation))
    if (isLong && held.size > 0) {
      report(statement, `runs while ${quotedList(held)} ${held.size === 1 ? 'is' : 'are'} locked`)
      return
    }
    for (const relation of strongLocks(node).filter((each) => inUse(each))) {
      held.add(relation.relname ?? '')
    }
  }
}
