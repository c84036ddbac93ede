import { quoted, type Rule } from '../rule.ts'

export const refreshMaterializedView: Rule = {
  name: 'refresh-materialized-view',
  number: 60,
  severity: 'note',
  title: 'A materialized view that is in use is refreshed.',
  why: 'REFRESH takes ACCESS EXCLUSIVE on the view: its readers wait until the query has run.',
  remedy: 'Freehold refreshes it CONCURRENTLY where it has a unique index; give it one.',
  checks: {
    RefreshMatViewStmt({ concurrent, relation }, sight) {
      if (concurrent !== true && sight.inUse(relation)) {
        sight.report(`refreshes ${quoted(relation?.relname)}`)
      }
    },
  },
}
