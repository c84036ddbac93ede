import { quoted, type Rule } from '../rule.ts'

export const renameTable: Rule = {
  name: 'rename-table',
  number: 49,
  severity: 'note',
  title: 'A table that is in use gets another name or another schema.',
  why: 'The version of the application that still runs names it as it was, and each of its statements fails.',
  remedy:
    'Freehold puts a view under the new name beside it, and renames the table in the contract phase, when the old version is gone.',
  checks: {
    RenameStmt({ renameType, relation, newname }, sight) {
      const isKept = sight.outline.makesPartitioned(relation?.relname ?? '')
      if (renameType === 'OBJECT_TABLE' && sight.inUse(relation) && !isKept) {
        sight.report(`renames ${quoted(relation?.relname)} to ${quoted(newname)}`)
      }
    },
    AlterObjectSchemaStmt({ objectType, relation, newschema }, sight) {
      if (objectType === 'OBJECT_TABLE' && sight.inUse(relation)) {
        sight.report(`moves ${quoted(relation?.relname)} to schema ${quoted(newschema)}`)
      }
    },
  },
}
