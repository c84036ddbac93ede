import type { PartitionCmd } from '@pgsql/types'
import { bodyOf } from '../../plan/syntax.ts'
import type { Rule, Sight } from '../rule.ts'
import { isConcurrent } from './reindex.ts'

export const concurrentlyInTransaction: Rule = {
  name: 'concurrently-in-transaction',
  number: 6,
  severity: 'note',
  title: 'A statement that runs transactions of its own stands inside one.',
  why: 'Postgres refuses it there (25001); a file of several statements is one transaction too, for Prisma sends it as one.',
  remedy:
    'Freehold plans such a statement outside a transaction; put it into a migration of its own, so that Prisma can run it too.',
  checks: {
    IndexStmt: (index, sight) => report(index.concurrent === true, 'CREATE INDEX CONCURRENTLY', sight),
    DropStmt: (drop, sight) => report(drop.concurrent === true, 'DROP INDEX CONCURRENTLY', sight),
    ReindexStmt: (body, sight) => report(isConcurrent(body.params), 'REINDEX CONCURRENTLY', sight),
    AlterTableCmd: (command, sight) => {
      const partition = bodyOf<PartitionCmd>(command.def, 'PartitionCmd')
      report(partition?.concurrent === true, 'DETACH PARTITION CONCURRENTLY', sight)
    },
  },
}

function report(isItsOwn: boolean, what: string, sight: Sight): void {
  if (isItsOwn && sight.outline.runsInTransaction(sight)) {
    sight.report(`${what} stands in a transaction`)
  }
}
