import { onCommand, quoted, type Rule, tableOf } from '../rule.ts'

export const dropNotNull: Rule = {
  name: 'drop-not-null',
  number: 42,
  severity: 'note',
  title: 'A column of a table that is in use may be NULL from now on.',
  why: 'The version of the application that still runs does not expect the NULLs that the new one writes.',
  remedy:
    'Freehold does it at once, for the new version needs it; see that the old one can read NULL, or let the new one write none until it is gone.',
  checks: onCommand(['AT_DropNotNull'], (command, table, sight) => {
    const column = tableOf(sight, sight.relation)?.columns.get(command.name ?? '')
    if (column === undefined || (column.isNotNull && column.addedIn !== sight.outline.migrationId)) {
      sight.report(`lets column ${quoted(command.name)} of ${table} be NULL`)
    }
  }),
}
