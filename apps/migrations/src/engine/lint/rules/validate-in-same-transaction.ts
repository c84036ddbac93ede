import { onCommand, quoted, type Rule, tableOf } from '../rule.ts'

export const validateInSameTransaction: Rule = {
  name: 'validate-in-same-transaction',
  number: 19,
  severity: 'note',
  title: 'A constraint is validated in the transaction that adds it NOT VALID.',
  why: 'The strong lock of the first statement is held until the second has read the whole table: nothing is won.',
  remedy: 'Freehold validates it in a transaction of its own.',
  checks: onCommand(['AT_ValidateConstraint'], (command, table, sight) => {
    const constraint = tableOf(sight, sight.relation)?.constraints.get(command.name ?? '')
    const isFresh = constraint?.addedIn === sight.outline.migrationId
    if (isFresh && sight.outline.runsInTransaction(sight)) {
      sight.report(`validates ${quoted(command.name)} of ${table} in the transaction that adds it`)
    }
  }),
}
