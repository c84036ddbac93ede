import { onCommand, quoted, type Rule } from '../rule.ts'
import { viewsReading } from '../views.ts'

export const dropColumn: Rule = {
  name: 'drop-column',
  number: 41,
  severity: 'note',
  title: 'A column of a table that is in use is dropped.',
  why: 'The version of the application that still runs names it, and each of its statements fails; the values are gone.',
  remedy:
    'Freehold lifts what makes it required at once, and drops it in the contract phase, when the old version is gone; its values are kept aside for undo.',
  checks: onCommand(['AT_DropColumn'], (command, table, sight) => {
    if (viewsReading(sight, command.name).length === 0) {
      sight.report(`drops column ${quoted(command.name)} of ${table}`)
    }
  }),
}
