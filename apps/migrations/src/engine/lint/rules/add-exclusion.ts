import { onAddedConstraint, quoted, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const addExclusion: Rule = {
  name: 'add-exclusion',
  number: 24,
  severity: 'note',
  title: 'An EXCLUDE constraint is added to a table that is in use.',
  why: 'Its index is built under ACCESS EXCLUSIVE, and can be neither NOT VALID nor CONCURRENTLY.',
  remedy: 'Freehold adds it to a twin of the table that is filled beside it and takes its place.',
  checks: onAddedConstraint('CONSTR_EXCLUSION', (constraint, table, sight) => {
    const name = constraint.conname === undefined ? 'an EXCLUDE' : `the EXCLUDE ${quoted(constraint.conname)}`
    reportTwin(`adds ${name} to ${table}`, sight, constraint)
  }),
}
