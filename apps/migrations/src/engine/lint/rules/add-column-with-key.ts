import { inlineConstraint, onAddedColumn, quoted, type Rule } from '../rule.ts'

export const addColumnWithKey: Rule = {
  name: 'add-column-with-key',
  number: 21,
  severity: 'note',
  title: 'A column is added as UNIQUE or as PRIMARY KEY.',
  why: 'Its index is built under ACCESS EXCLUSIVE: everybody who reads or writes the table waits.',
  remedy: 'Freehold adds the column first, builds the index CONCURRENTLY, and makes the constraint of it.',
  checks: onAddedColumn((column, table, sight) => {
    for (const [contype, words] of [
      ['CONSTR_UNIQUE', 'UNIQUE'],
      ['CONSTR_PRIMARY', 'PRIMARY KEY'],
    ] as const) {
      const key = inlineConstraint(column, contype)
      if (key !== undefined) {
        sight.report(`adds column ${quoted(column.colname)} to ${table} as ${words}`, key)
      }
    }
  }),
}
