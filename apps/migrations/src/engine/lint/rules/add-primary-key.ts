import { reportKey } from '../relations.ts'
import { onAddedConstraint, type Rule } from '../rule.ts'

export const addPrimaryKey: Rule = {
  name: 'add-primary-key',
  number: 22,
  severity: 'note',
  title: 'A primary key is added to a table that is in use.',
  why: 'Under ACCESS EXCLUSIVE its index is built, and the table read for NULLs: everybody who reads or writes it waits.',
  remedy:
    'Freehold makes the columns NOT NULL beside the traffic, builds the index CONCURRENTLY, and makes the key of it.',
  checks: onAddedConstraint('CONSTR_PRIMARY', (constraint, table, sight) => {
    if (constraint.indexname === undefined) {
      reportKey(`adds the primary key of ${table}`, constraint, sight)
    }
  }),
}
