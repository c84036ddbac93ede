import { onAddedConstraint, quotedList, type Rule, tableOf } from '../rule.ts'

export const keyFromNullableIndex: Rule = {
  name: 'key-from-nullable-index',
  number: 23,
  severity: 'note',
  title: 'A primary key is made of an index over columns that may be NULL.',
  why: 'USING INDEX saves the build and not the SET NOT NULL in it, which reads the whole table under ACCESS EXCLUSIVE.',
  remedy: 'Freehold makes the columns NOT NULL beside the traffic first.',
  checks: onAddedConstraint('CONSTR_PRIMARY', (constraint, table, sight) => {
    const known = tableOf(sight, sight.relation)
    const index = constraint.indexname === undefined ? undefined : sight.schema.findIndex([constraint.indexname])
    const nullable = (index?.columns ?? []).filter((name) => known?.columns.get(name ?? '')?.isNotNull === false)
    if (nullable.length > 0) {
      const names = quotedList(nullable.map((name) => name ?? ''))
      sight.report(`makes ${names} of ${table} NOT NULL on the way to a primary key`, constraint)
    }
  }),
}
