import type { Rule } from '../rule.ts'
import { timeoutMsOf } from '../settings.ts'
import { strongLocks } from '../strong-locks.ts'

/** Callers wait behind a statement that waits for its lock: five seconds of that are an outage. */
const lockTimeoutMsMax = 5000

export const lockTimeout: Rule = {
  name: 'lock-timeout',
  number: 70,
  severity: 'note',
  title: 'lock_timeout is switched off, too long, or set when the lock is held already.',
  why: 'While a statement waits for ACCESS EXCLUSIVE all others wait behind it, as long as lock_timeout lets it.',
  remedy:
    'Freehold takes no notice of it and bounds each step itself (--max-lock-ms); leave it out, or set it to two seconds first of all for those who run the file by hand.',
  checks: {
    VariableSetStmt(body, sight) {
      if (body.name !== 'lock_timeout' || body.kind !== 'VAR_SET_VALUE') {
        return
      }
      const timeoutMs = timeoutMsOf(body)
      const before = sight.outline.units.filter(({ statement }) => statement.start < sight.statement.start)
      if (timeoutMs === 0) {
        sight.report('switches lock_timeout off')
      } else if (timeoutMs !== undefined && timeoutMs > lockTimeoutMsMax) {
        sight.report(`sets lock_timeout to ${timeoutMs / 1000} s`)
      } else if (before.some(({ node }) => strongLocks(node).some((relation) => sight.inUse(relation)))) {
        sight.report('sets lock_timeout behind a statement that takes ACCESS EXCLUSIVE')
      }
    },
  },
}
