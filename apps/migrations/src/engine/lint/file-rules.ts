/** What is reported of a file and of the comments in it rather than of its statements. */
import type { Rule } from './rule.ts'

/** A rule without checks of its own. */
type FileRule = Omit<Rule, 'checks' | 'number'>

export const fileRules = {
  syntaxError: {
    name: 'syntax-error',
    severity: 'error',
    title: 'The file is not SQL that Postgres parses.',
    why: 'Nothing of the file would be run, and nothing more of it is linted.',
    remedy: 'Mend the statement.',
  },
  directive: {
    name: 'invalid-directive',
    severity: 'error',
    title: 'A comment that starts with `-- freehold:` says nothing that Freehold knows.',
    why: 'plan and deploy refuse the file.',
    remedy:
      'Write it as docs/reference/directives.md shows, on a line of its own before the statement, or take it away.',
  },
  suppression: {
    name: 'invalid-suppression',
    severity: 'warning',
    title: 'A `lint-ignore` has no reason, names no rule that there is, or keeps nothing out of the report.',
    why: 'It hides nothing, or something that nobody has given a reason for; left standing it would hide what comes later.',
    remedy:
      'Write -- freehold: lint-ignore <rule>[, <rule>] "<reason>" before the statement that is reported, or take it away.',
  },
} as const satisfies Record<string, FileRule>
