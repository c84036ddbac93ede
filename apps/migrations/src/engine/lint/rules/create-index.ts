import { isOnPlainTable } from '../relations.ts'
import { quoted, type Rule } from '../rule.ts'

export const createIndex: Rule = {
  name: 'create-index',
  number: 1,
  severity: 'note',
  title: 'An index is built on a table that is in use.',
  why: 'CREATE INDEX takes SHARE on the table: every INSERT, UPDATE and DELETE waits until the index is built.',
  remedy: 'Freehold builds it CONCURRENTLY, outside a transaction, and removes what a failed build leaves behind.',
  checks: {
    IndexStmt(index, sight) {
      if (index.concurrent !== true && isOnPlainTable(sight, index.relation) && !sight.outline.isReplacement(index)) {
        const kind = index.unique === true ? 'unique index' : 'index'
        sight.report(`builds the ${kind} ${quoted(index.idxname)} on ${quoted(index.relation?.relname)}`)
      }
    },
  },
}
