import { inlineConstraint, onAddedColumn, quoted, type Rule } from '../rule.ts'

export const addColumnWithReference: Rule = {
  name: 'add-column-with-reference',
  number: 13,
  severity: 'note',
  title: 'A column is added together with a foreign key.',
  why: 'The foreign key takes SHARE ROW EXCLUSIVE on the other table as well, and reads all rows where the column has a default.',
  remedy:
    'Freehold adds the column first, then the foreign key NOT VALID, and validates it in a transaction of its own.',
  checks: onAddedColumn((column, table, sight) => {
    const reference = inlineConstraint(column, 'CONSTR_FOREIGN')
    if (reference !== undefined) {
      const target = quoted(reference.pktable?.relname)
      sight.report(`adds column ${quoted(column.colname)} to ${table} with a foreign key to ${target}`, reference)
    }
  }),
}
