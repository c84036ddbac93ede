import { bodyOf } from '../../plan/syntax.ts'
import { quotedList, type Rule } from '../rule.ts'

export const truncate: Rule = {
  name: 'truncate',
  number: 52,
  severity: 'error',
  title: 'TRUNCATE empties a table that is in use.',
  why: 'It takes ACCESS EXCLUSIVE and removes all rows for good; with CASCADE also those of tables that the statement does not name.',
  remedy: 'Write DELETE: Freehold deletes in batches and keeps the rows, so that undo brings them back.',
  checks: {
    TruncateStmt(body, sight) {
      const tables = (body.relations ?? [])
        .flatMap((node) => bodyOf<{ relname?: string; relpersistence?: string }>(node, 'RangeVar') ?? [])
        .filter((relation) => sight.inUse(relation))
      if (tables.length > 0) {
        const cascade = body.behavior === 'DROP_CASCADE' ? ' and what references it' : ''
        sight.report(`empties ${quotedList(tables.map(({ relname }) => relname ?? ''))}${cascade}`)
      }
    },
  },
}
