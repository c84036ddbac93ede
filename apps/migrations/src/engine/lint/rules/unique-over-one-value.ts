import type { ColumnDef, Constraint, RangeVar } from '@pgsql/types'
import { bodyOf, nameParts } from '../../plan/syntax.ts'
import { isNullConstant } from '../apply-command.ts'
import { isVolatile } from '../expressions.ts'
import { changesRowsOf } from '../rows.ts'
import { inlineConstraint, onCommand, quoted, quotedList, type Rule, type Sight, tableOf } from '../rule.ts'

export const uniqueOverOneValue: Rule = {
  name: 'unique-over-one-value',
  number: 9,
  severity: 'warning',
  title: 'What is to be unique holds one value in all rows.',
  why: 'The column is new and its default goes into every row, so that with two rows there are duplicates and the statement fails.',
  remedy:
    'Fill the column with a value a row before it is made unique. Duplicates in older columns only the rows can tell of: plan asks them.',
  checks: {
    IndexStmt(index, sight) {
      const names = (index.indexParams ?? []).map((node) => bodyOf<{ name?: string }>(node, 'IndexElem')?.name)
      if (index.unique === true && index.whereClause === undefined) {
        judge(names, index.relation, sight)
      }
    },
    ...onCommand(['AT_AddConstraint', 'AT_AddColumn'], (command, table, sight) => {
      const constraint = bodyOf<Constraint>(command.def, 'Constraint')
      const column = bodyOf<ColumnDef>(command.def, 'ColumnDef')
      if (constraint?.contype === 'CONSTR_UNIQUE' || constraint?.contype === 'CONSTR_PRIMARY') {
        judge(nameParts(constraint.keys), sight.relation, sight)
      }
      const byDefault = column === undefined ? undefined : inlineConstraint(column, 'CONSTR_DEFAULT')?.raw_expr
      const isKey =
        column !== undefined &&
        (inlineConstraint(column, 'CONSTR_UNIQUE') ?? inlineConstraint(column, 'CONSTR_PRIMARY')) !== undefined
      if (isKey && byDefault !== undefined && !isNullConstant(byDefault) && !isVolatile(byDefault)) {
        sight.report(`column ${quoted(column.colname)} of ${table} is unique and has one default for all rows`, column)
      }
    }),
  },
}

function judge(names: (string | undefined)[], relation: RangeVar | undefined, sight: Sight): void {
  const { columns } = tableOf(sight, relation) ?? {}
  const isOneValue = (name: string | undefined) => {
    const column = columns?.get(name ?? '')
    return column?.addedIn === sight.outline.migrationId && column.constantOfRows === true
  }
  if (names.length > 0 && sight.inUse(relation) && names.every(isOneValue) && !changesRowsOf(relation, sight)) {
    const listed = quotedList(names.map((name) => name ?? ''))
    sight.report(`makes ${listed} of ${quoted(relation?.relname)} unique, which holds one value in all rows`)
  }
}
