import { droppedIndexes, replacementOf } from '../relations.ts'
import { quoted, type Rule } from '../rule.ts'

export const dropIndex: Rule = {
  name: 'drop-index',
  number: 3,
  severity: 'note',
  title: 'An index of a table that is in use is dropped.',
  why: 'DROP INDEX takes ACCESS EXCLUSIVE on the table: behind one long query all others wait.',
  remedy: 'Freehold drops it CONCURRENTLY, in the contract phase, for the old version may need it.',
  checks: {
    DropStmt(drop, sight) {
      for (const dropped of drop.concurrent === true ? [] : droppedIndexes(drop, sight)) {
        if (replacementOf(dropped, sight) === undefined) {
          sight.report(`drops the index ${quoted(dropped.name)}`)
        }
      }
    },
  },
}
