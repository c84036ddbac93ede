import { onCommand, quoted, quotedList, type Rule } from '../rule.ts'
import { onTypeChange } from '../type-change.ts'
import { viewsReading } from '../views.ts'

export const viewDependsOnColumn: Rule = {
  name: 'view-depends-on-column',
  number: 67,
  severity: 'note',
  title: 'A column that a view reads is dropped or gets another type.',
  why: 'As written the statement fails (0A000, 2BP01); with CASCADE the view is gone, with its rights and comments.',
  remedy:
    'Drop the view before the statement and make it again behind it, in the same migration: Freehold carries the three out as one replacement.',
  checks: {
    AlterTableCmd(command, sight) {
      dropped.AlterTableCmd?.(command, sight)
      retyped.AlterTableCmd?.(command, sight)
    },
  },
}

const dropped = onCommand(['AT_DropColumn'], (command, table, sight) => {
  const views = viewsReading(sight, command.name)
  if (views.length > 0) {
    sight.report(`drops column ${quoted(command.name)} of ${table}, which ${namesOf(views)} read`)
  }
})

const retyped = onTypeChange('viewed', (what, sight, at, column) =>
  sight.report(`${what}, which ${namesOf(viewsReading(sight, column))} read`, at),
)

function namesOf(views: { name: string }[]): string {
  return quotedList(views.map(({ name }) => name))
}
