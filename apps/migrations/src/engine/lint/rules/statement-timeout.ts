import type { Rule } from '../rule.ts'
import { timeoutMsOf } from '../settings.ts'

export const statementTimeout: Rule = {
  name: 'statement-timeout',
  number: 71,
  severity: 'note',
  title: 'statement_timeout is set.',
  why: 'It cuts off long statements that block nobody, such as CREATE INDEX CONCURRENTLY, which then leaves an INVALID index; switched off it lets those that block run on.',
  remedy:
    'Freehold takes no notice of it: steps with a strong lock have a bound of their own, all others as long as they need. Leave it out.',
  checks: {
    VariableSetStmt(body, sight) {
      const timeoutMs = body.name === 'statement_timeout' ? timeoutMsOf(body) : undefined
      if (timeoutMs !== undefined) {
        sight.report(timeoutMs === 0 ? 'switches statement_timeout off' : `sets statement_timeout to ${timeoutMs} ms`)
      }
    },
  },
}
