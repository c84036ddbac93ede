import type { Rule } from '../rule.ts'

const own = new Set([
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
  'application_name',
])

export const sessionSettings: Rule = {
  name: 'session-settings',
  number: 72,
  severity: 'note',
  title: 'A timeout of idle sessions or the name of the session is set.',
  why: 'A session that hangs in a transaction holds its locks until somebody finds it, and by its name they see whose it is.',
  remedy: 'Freehold sets both for its own sessions. Leave it out.',
  checks: {
    VariableSetStmt({ name = '', kind }, sight) {
      if (kind === 'VAR_SET_VALUE' && own.has(name)) {
        sight.report(`sets ${name}`)
      }
    },
  },
}
