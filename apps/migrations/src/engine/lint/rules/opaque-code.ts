import type { FuncCall, ResTarget } from '@pgsql/types'
import { type BlockStep, readBlock } from '../../parse/read-block.ts'
import { bodyOf, nameParts } from '../../plan/syntax.ts'
import { quoted, type Rule } from '../rule.ts'

/** Functions that change no more than a setting or a sequence. */
const harmless =
  /^(set_config|setval|nextval|pg_\w+|current_\w+|now|version|json\w*|array_agg|count|max|min|sum|coalesce|string_agg)$/

export const opaqueCode: Rule = {
  name: 'opaque-code',
  number: 79,
  severity: 'note',
  title: 'What code does the text does not tell.',
  why: 'Nothing in a DO block that builds its statements, in a procedure or in a function is linted: it may lock, scan or rewrite any table.',
  remedy:
    'Freehold runs it on the shadow first: what was brief there is run in one transaction under the lock bound, all else is refused with what was seen. Write plain statements where that can be done.',
  checks: {
    DoStmt(_body, sight) {
      const steps = readBlock(sight.node, sight.statement.sql)
      if (steps === undefined || isOpaque(steps)) {
        sight.report('runs a DO block that cannot be taken apart')
      }
    },
    CallStmt({ funccall }, sight) {
      sight.report(`calls the procedure ${quoted(nameParts(funccall?.funcname).at(-1))}`)
    },
    SelectStmt({ targetList, fromClause }, sight) {
      for (const target of fromClause === undefined ? (targetList ?? []) : []) {
        const call = bodyOf<FuncCall>(bodyOf<ResTarget>(target, 'ResTarget')?.val, 'FuncCall')
        const name = nameParts(call?.funcname).at(-1)
        if (name !== undefined && !harmless.test(name)) {
          sight.report(`calls the function ${quoted(name)}`)
        }
      }
    },
  },
}

function isOpaque(steps: BlockStep[]): boolean {
  return steps.some((step) => {
    switch (step.kind) {
      case 'opaque':
        return true
      case 'if':
        return step.branches.some((branch) => isOpaque(branch.steps))
      case 'attempt':
        return isOpaque(step.steps) || step.handlers.some((handler) => isOpaque(handler.steps))
      default:
        return false
    }
  })
}
