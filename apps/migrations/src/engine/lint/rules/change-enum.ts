import { nameParts, wordsOf } from '../../plan/syntax.ts'
import { quoted, type Rule, type Sight } from '../rule.ts'

export const changeEnum: Rule = {
  name: 'change-enum',
  number: 62,
  severity: 'note',
  title: 'An enum gets another value, or a value gets another name.',
  why: 'A new value cannot be used before it is committed (55P04), and clients of the running version cannot read it; a renamed one is not there for them.',
  remedy:
    'Freehold commits a new value as a step of its own; write it where both versions can read it. A renamed value is refused: add the new one, update the rows, and leave the old one.',
  checks: {
    AlterEnumStmt({ typeName, oldVal, newVal }, sight) {
      const name = nameParts(typeName).at(-1) ?? ''
      if (sight.schema.types.get(name)?.createdIn === sight.outline.migrationId) {
        return
      }
      if (oldVal !== undefined) {
        sight.report(`renames the value ${quoted(oldVal)} of ${quoted(name)} to ${quoted(newVal)}`, undefined, 'error')
        return
      }
      const use = isUsedIn(sight, newVal ?? '') ? ', which the migration uses before it is committed' : ''
      sight.report(`adds the value ${quoted(newVal)} to ${quoted(name)}${use}`)
    },
  },
}

function isUsedIn({ outline, statement, node }: Sight, value: string): boolean {
  return outline.units.some(
    (unit) => unit.statement.start >= statement.start && unit.node !== node && wordsOf(unit.node).has(value),
  )
}
