import { kindOfAdded } from '../added-column.ts'
import { onAddedColumn, quoted, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const addIdentityColumn: Rule = {
  name: 'add-identity-column',
  number: 35,
  severity: 'note',
  title: 'An identity column is added.',
  why: 'Each row gets a number, so the whole table is rewritten, with its indexes, under ACCESS EXCLUSIVE: everybody waits.',
  remedy: 'Freehold fills a twin of the table beside it, which takes its place in milliseconds.',
  checks: onAddedColumn((column, table, sight) => {
    if (kindOfAdded(column) === 'identity') {
      reportTwin(`adds the identity column ${quoted(column.colname)} to ${table}`, sight, column)
    }
  }),
}
