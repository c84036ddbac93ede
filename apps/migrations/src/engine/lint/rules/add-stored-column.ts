import { kindOfAdded } from '../added-column.ts'
import { onAddedColumn, onCommand, quoted, type Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'

export const addStoredColumn: Rule = {
  name: 'add-stored-column',
  number: 36,
  severity: 'note',
  title: 'A stored generated column is added, or gets another expression.',
  why: 'It is computed for each row, so the whole table is rewritten, with its indexes, under ACCESS EXCLUSIVE: everybody waits.',
  remedy:
    'Freehold fills a twin of the table beside it, which takes its place in milliseconds; from Postgres 18 on VIRTUAL costs nothing.',
  checks: {
    AlterTableCmd(command, sight) {
      added.AlterTableCmd?.(command, sight)
      changed.AlterTableCmd?.(command, sight)
    },
  },
}

const added = onAddedColumn((column, table, sight) => {
  if (kindOfAdded(column) === 'stored') {
    reportTwin(`adds the stored column ${quoted(column.colname)} to ${table}`, sight, column)
  }
})

const changed = onCommand(['AT_SetExpression'], (command, table, sight) =>
  reportTwin(`gives the column ${quoted(command.name)} of ${table} another expression`, sight),
)
