import { reportKey } from '../relations.ts'
import { onAddedConstraint, quoted, type Rule } from '../rule.ts'

export const addUniqueConstraint: Rule = {
  name: 'add-unique-constraint',
  number: 20,
  severity: 'note',
  title: 'A UNIQUE constraint is added to a table that is in use.',
  why: 'Its index is built under ACCESS EXCLUSIVE: everybody who reads or writes the table waits.',
  remedy: 'Freehold builds the index CONCURRENTLY and makes the constraint of it.',
  checks: onAddedConstraint('CONSTR_UNIQUE', (constraint, table, sight) => {
    if (constraint.indexname === undefined) {
      const name = constraint.conname === undefined ? 'a UNIQUE' : `the UNIQUE ${quoted(constraint.conname)}`
      reportKey(`adds ${name} to ${table}`, constraint, sight)
    }
  }),
}
