import { kindOfAdded } from '../added-column.ts'
import { volatileCalls } from '../expressions.ts'
import { inlineConstraint, onAddedColumn, quoted, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const addColumnWithVolatileDefault: Rule = {
  name: 'add-column-with-volatile-default',
  number: 33,
  severity: 'note',
  title: 'A column is added with a default that has another value in each row.',
  why: 'The whole table is rewritten, with its indexes, under ACCESS EXCLUSIVE: everybody waits.',
  remedy: 'Freehold fills a twin of the table beside it, which takes its place in milliseconds.',
  checks: onAddedColumn((column, table, sight) => {
    if (kindOfAdded(column) === 'volatile') {
      const calls = volatileCalls(inlineConstraint(column, 'CONSTR_DEFAULT')?.raw_expr).map((name) => `${name}()`)
      reportTwin(
        `adds column ${quoted(column.colname)} to ${table} with the default ${calls.join(', ')}`,
        sight,
        column,
      )
    }
  }),
}
