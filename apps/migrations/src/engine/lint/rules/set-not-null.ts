import { changesRowsOf } from '../rows.ts'
import { onCommand, quoted, type Rule, tableOf } from '../rule.ts'

export const setNotNull: Rule = {
  name: 'set-not-null',
  number: 30,
  severity: 'note',
  title: 'A column of a table that is in use becomes NOT NULL.',
  why: 'SET NOT NULL reads the whole table under ACCESS EXCLUSIVE: everybody who reads or writes it waits.',
  remedy:
    'Freehold adds the constraint NOT VALID and validates it beside the traffic, so that SET NOT NULL has nothing left to read; in the contract phase, for the old version may still write NULL.',
  checks: onCommand(['AT_SetNotNull'], (command, table, sight) => {
    const column = tableOf(sight, sight.relation)?.columns.get(command.name ?? '')
    const isEmpty = column?.addedIn === sight.outline.migrationId && column.constantOfRows !== true
    if (column?.isNotNull !== true && (!isEmpty || changesRowsOf(sight.relation, sight))) {
      sight.report(`makes column ${quoted(command.name)} of ${table} NOT NULL`)
    }
  }),
}
