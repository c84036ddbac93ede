import type { DeleteStmt } from '@pgsql/types'
import { bodyOf, kindOf } from '../../plan/syntax.ts'
import { kindOfAdded } from '../added-column.ts'
import { onAddedColumn, quoted, type Rule, type Sight } from '../rule.ts'
import { strongLocks } from '../strong-locks.ts'

export const addRequiredColumn: Rule = {
  name: 'add-required-column',
  number: 32,
  severity: 'error',
  title: 'A column is added as NOT NULL, and nothing says what the rows have in it.',
  why: 'It fails where the table holds a row; and each INSERT of the version that still runs fails, for it leaves the column out.',
  remedy:
    'Say what the rows get by -- freehold: up=<expression> before the statement, give the column a default, or add it nullable.',
  checks: onAddedColumn((column, table, sight) => {
    if (kindOfAdded(column) !== 'required') {
      return
    }
    const message = `adds column ${quoted(column.colname)} to ${table} as NOT NULL without a default`
    const up = sight.statement.directives.up
    if (up === undefined && isEmptied(sight)) {
      sight.report(`${message}; the migration empties the table, but not for good`, column, 'warning')
    } else if (up === undefined) {
      sight.report(message, column)
    } else {
      sight.report(`${message}; up= fills it in batches, in the contract phase it becomes NOT NULL`, column, 'note')
    }
  }),
}

/** Rows that the running version writes meanwhile are there again when the column is added. */
function isEmptied({ outline, relation, statement }: Sight): boolean {
  return outline.units
    .filter((unit) => unit.statement.start < statement.start)
    .some(({ node }) => {
      const emptied = bodyOf<DeleteStmt>(node, 'DeleteStmt')
      const all = emptied !== undefined && emptied.whereClause === undefined ? [emptied.relation] : []
      const truncated = kindOf(node) === 'TruncateStmt' ? strongLocks(node) : []
      return [...all, ...truncated].some((each) => each?.relname === relation?.relname)
    })
}
