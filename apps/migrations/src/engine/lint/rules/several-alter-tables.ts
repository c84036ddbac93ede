import type { AlterTableStmt } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import { type EndSight, quoted, type Rule } from '../rule.ts'

export const severalAlterTables: Rule = {
  name: 'several-alter-tables',
  number: 75,
  severity: 'note',
  title: 'A table that is in use is altered by one statement right after another.',
  why: 'Each waits for its lock anew, and each that scans or rewrites the table does so on its own.',
  remedy:
    'Freehold takes the statements apart into their commands anyway, and all that rewrite the table share one twin; by hand write one ALTER TABLE.',
  checks: { end: reportPairs },
}

function reportPairs({ outline, inUse, report }: EndSight): void {
  const reported = new Set<string>()
  let before: string | undefined
  for (const { node, statement } of outline.units) {
    const alter = bodyOf<AlterTableStmt>(node, 'AlterTableStmt')
    const name = alter?.objtype === 'OBJECT_TABLE' ? alter.relation?.relname : undefined
    if (name !== undefined && name === before && !reported.has(name) && inUse(alter?.relation)) {
      reported.add(name)
      report(statement, `alters ${quoted(name)} right after another ALTER TABLE of it`)
    }
    before = name
  }
}
