import { onCommand, quoted, type Rule, tableOf } from '../rule.ts'

export const dropConstraint: Rule = {
  name: 'drop-constraint',
  number: 25,
  severity: 'note',
  title: 'A constraint of a table that is in use is dropped.',
  why: 'It takes ACCESS EXCLUSIVE, for a foreign key on both tables, and what it kept true need not be true any more.',
  remedy: 'Freehold waits for the lock without making others wait, and undo adds the constraint again.',
  checks: onCommand(['AT_DropConstraint'], (command, table, sight) => {
    const name = command.name ?? ''
    const constraint = tableOf(sight, sight.relation)?.constraints.get(name)
    const again = sight.outline.constraintAgain(sight.relation.relname ?? '', name, constraint?.columns ?? [])
    if (constraint?.addedIn === sight.outline.migrationId || again !== undefined) {
      return
    }
    const isKey = constraint?.kind === 'primary' || (constraint === undefined && name.endsWith('_pkey'))
    if (isKey) {
      const loss = 'without it logical replication refuses UPDATE and DELETE on the table'
      sight.report(`drops the primary key ${quoted(name)} of ${table}: ${loss}`, undefined, 'warning')
    } else {
      sight.report(`drops the constraint ${quoted(name)} of ${table}`)
    }
  }),
}
