import { droppedRelations } from '../relations.ts'
import { quoted, type Rule } from '../rule.ts'

export const dropTable: Rule = {
  name: 'drop-table',
  number: 48,
  severity: 'note',
  title: 'A table that is in use is dropped.',
  why: 'The version of the application that still runs names it, and each of its statements fails; the rows are gone, with CASCADE also what depends on it.',
  remedy:
    'Freehold moves it aside in the contract phase, when the old version is gone, and keeps it for undo; its foreign keys are cut one by one.',
  checks: {
    DropStmt(drop, sight) {
      for (const relation of drop.removeType === 'OBJECT_TABLE' ? droppedRelations(drop) : []) {
        if (sight.inUse(relation) && !sight.outline.makesPartitioned(relation.relname ?? '')) {
          const cascade = drop.behavior === 'DROP_CASCADE' ? ' and what depends on it' : ''
          sight.report(`drops the table ${quoted(relation.relname)}${cascade}`)
        }
      }
    },
  },
}
