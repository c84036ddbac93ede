import type { ColumnDef } from '@pgsql/types'
import { kindOfAdded } from '../added-column.ts'
import { newColumns } from '../new-columns.ts'
import { inlineConstraint, quotedList, type Rule } from '../rule.ts'

export const addColumn: Rule = {
  name: 'add-column',
  number: 29,
  severity: 'note',
  title: 'A column is added to a table that is in use, by a change of the catalog alone.',
  why: 'It takes ACCESS EXCLUSIVE for a moment; but while it waits for that behind a long query, all others wait behind it.',
  remedy: 'Freehold waits for the lock without making others wait, and tries again.',
  checks: newColumns((columns, table, sight, isNew) => {
    const alter = 'AlterTableStmt' in sight.node ? sight.node.AlterTableStmt : undefined
    const plain = columns.filter(({ definition }) => kindOfAdded(definition) === 'plain' && !hasConstraint(definition))
    if (!isNew && plain.length > 0 && sight.inUse(alter?.relation)) {
      const names = quotedList(plain.map(({ name }) => name))
      sight.report(`adds ${names} to ${table}`, plain[0])
    }
  }),
}

/** Those have rules of their own. */
function hasConstraint(column: ColumnDef): boolean {
  const types = ['CONSTR_FOREIGN', 'CONSTR_CHECK', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY'] as const
  return types.some((contype) => inlineConstraint(column, contype) !== undefined)
}
