import { onAddedConstraint, quoted, type Rule } from '../rule.ts'

export const addCheck: Rule = {
  name: 'add-check',
  number: 17,
  severity: 'note',
  title: 'A CHECK is added to a table that is in use, and checked at once.',
  why: 'The whole table is read under ACCESS EXCLUSIVE: everybody who reads or writes it waits.',
  remedy:
    'Freehold adds it NOT VALID and validates it in a transaction of its own, which blocks nobody; in the contract phase, for the old version may break it.',
  checks: onAddedConstraint('CONSTR_CHECK', (constraint, table, sight) => {
    if (constraint.skip_validation !== true) {
      const name = constraint.conname === undefined ? 'a CHECK' : `the CHECK ${quoted(constraint.conname)}`
      sight.report(`adds ${name} to ${table}`, constraint)
    }
  }),
}
