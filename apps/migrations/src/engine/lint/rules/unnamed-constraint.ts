import type { Constraint } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { onCommand, type Rule } from '../rule.ts'

const words: Record<string, string> = {
  CONSTR_CHECK: 'a CHECK',
  CONSTR_FOREIGN: 'a foreign key',
  CONSTR_UNIQUE: 'a UNIQUE',
  CONSTR_PRIMARY: 'a primary key',
  CONSTR_EXCLUSION: 'an EXCLUDE',
}

export const unnamedConstraint: Rule = {
  name: 'unnamed-constraint',
  number: 27,
  severity: 'note',
  title: 'A constraint is added without a name.',
  why: 'The server chooses one by the names that are taken at that moment, so it may differ from database to database, and later migrations cannot name it.',
  remedy: 'Freehold gives it the name that Postgres would have chosen; give it one yourself.',
  checks: onCommand(['AT_AddConstraint'], (command, table, sight) => {
    const constraint = bodyOf<Constraint>(command.def, 'Constraint')
    const what = words[constraint?.contype ?? '']
    if (what !== undefined && constraint?.conname === undefined && constraint?.indexname === undefined) {
      sight.report(`adds ${what} to ${table} without a name`, constraint)
    }
  }),
}
