import { namesIn } from '../apply-statement.ts'
import { quoted, type Rule } from '../rule.ts'

export const renameOrDropSchema: Rule = {
  name: 'rename-or-drop-schema',
  number: 50,
  severity: 'error',
  title: 'A schema is renamed or dropped.',
  why: 'Every statement of the running version that names something in it fails; DROP … CASCADE removes what the statement does not name.',
  remedy:
    'Drop the objects of the schema one by one first; instead of renaming it, make a new one and move its objects there.',
  checks: {
    RenameStmt({ renameType, subname, newname }, sight) {
      if (renameType === 'OBJECT_SCHEMA') {
        sight.report(`renames the schema ${quoted(subname)} to ${quoted(newname)}`, undefined, 'warning')
      }
    },
    DropStmt(drop, sight) {
      for (const object of drop.removeType === 'OBJECT_SCHEMA' ? (drop.objects ?? []) : []) {
        const name = quoted(namesIn(object).at(-1))
        if (drop.behavior === 'DROP_CASCADE') {
          sight.report(`drops the schema ${name} with all that is in it`)
        } else {
          sight.report(`drops the schema ${name}`, undefined, 'warning')
        }
      }
    },
  },
}
