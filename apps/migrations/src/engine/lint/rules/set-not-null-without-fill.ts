import { changesRowsOf } from '../rows.ts'
import { onCommand, quoted, type Rule, tableOf } from '../rule.ts'

export const setNotNullWithoutFill: Rule = {
  name: 'set-not-null-without-fill',
  number: 31,
  severity: 'warning',
  title: 'A column becomes NOT NULL that is new and that nothing fills.',
  why: 'All rows have NULL in it, so that the statement fails unless the table is empty.',
  remedy:
    'Fill it by UPDATE, which Freehold runs in batches, or say what the rows get by -- freehold: up=<expression> before ADD COLUMN. NULLs in older columns only the rows can tell of: plan asks them.',
  checks: onCommand(['AT_SetNotNull'], (command, table, sight) => {
    const column = tableOf(sight, sight.relation)?.columns.get(command.name ?? '')
    const isEmpty = column?.addedIn === sight.outline.migrationId && column.constantOfRows !== true
    if (isEmpty && column?.isNotNull === false && !changesRowsOf(sight.relation, sight)) {
      sight.report(`makes column ${quoted(command.name)} of ${table} NOT NULL, which is NULL in all rows`)
    }
  }),
}
