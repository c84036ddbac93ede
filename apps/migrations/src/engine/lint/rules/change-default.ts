import { onCommand, quoted, type Rule, tableOf } from '../rule.ts'

export const changeDefault: Rule = {
  name: 'change-default',
  number: 44,
  severity: 'note',
  title: 'The default of a column is set or dropped.',
  why: 'It takes ACCESS EXCLUSIVE for a moment; and without the default an INSERT of the running version that leaves the column out gets NULL, or fails.',
  remedy: 'Freehold waits for the lock without making others wait; a default is dropped in the contract phase.',
  checks: onCommand(['AT_ColumnDefault'], (command, table, sight) => {
    const column = tableOf(sight, sight.relation)?.columns.get(command.name ?? '')
    if (column?.addedIn !== sight.outline.migrationId) {
      const verb = command.def === undefined ? 'drops' : 'sets'
      sight.report(`${verb} the default of column ${quoted(command.name)} of ${table}`)
    }
  }),
}
