import { inlineConstraint, onAddedColumn, quoted, type Rule } from '../rule.ts'

export const addColumnWithCheck: Rule = {
  name: 'add-column-with-check',
  number: 18,
  severity: 'note',
  title: 'A column is added together with a CHECK.',
  why: 'The CHECK reads the whole table under ACCESS EXCLUSIVE, even where the column is NULL in all rows.',
  remedy: 'Freehold adds the column first, then the CHECK NOT VALID, and validates it in a transaction of its own.',
  checks: onAddedColumn((column, table, sight) => {
    const check = inlineConstraint(column, 'CONSTR_CHECK')
    if (check !== undefined) {
      sight.report(`adds column ${quoted(column.colname)} to ${table} with a CHECK`, check)
    }
  }),
}
