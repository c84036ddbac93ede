import { quoted, type Rule, tableOf } from '../rule.ts'

export const renameColumn: Rule = {
  name: 'rename-column',
  number: 43,
  severity: 'note',
  title: 'A column of a table that is in use is renamed.',
  why: 'The version of the application that still runs names it as it was, and each of its statements fails.',
  remedy:
    'Freehold puts a view with both names in the place of the table, and renames the column in the contract phase, when the old version is gone.',
  checks: {
    RenameStmt({ renameType, relationType, relation, subname = '', newname }, sight) {
      const isFresh = tableOf(sight, relation)?.columns.get(subname)?.addedIn === sight.outline.migrationId
      const isColumn = renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE'
      if (isColumn && sight.inUse(relation) && !isFresh) {
        sight.report(`renames column ${quoted(subname)} of ${quoted(relation?.relname)} to ${quoted(newname)}`)
      }
    },
  },
}
