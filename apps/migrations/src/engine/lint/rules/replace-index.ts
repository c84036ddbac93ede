import { droppedIndexes, replacementOf } from '../relations.ts'
import { quoted, type Rule } from '../rule.ts'

export const replaceIndex: Rule = {
  name: 'replace-index',
  number: 4,
  severity: 'note',
  title: 'An index is dropped before the one that takes its place is built.',
  why: 'Between the two the queries that need it read the whole table; and both statements lock the table.',
  remedy: 'Freehold builds the new one CONCURRENTLY under another name first, then drops the old one and renames.',
  checks: {
    DropStmt(drop, sight) {
      for (const dropped of droppedIndexes(drop, sight)) {
        const replacement = replacementOf(dropped, sight)
        if (replacement !== undefined) {
          sight.report(`drops the index ${quoted(dropped.name)} before ${quoted(replacement.idxname)} is built`)
        }
      }
    },
  },
}
