import { quoted, type Rule, tableOf } from '../rule.ts'

export const indexOnMaterializedView: Rule = {
  name: 'index-on-materialized-view',
  number: 11,
  severity: 'note',
  title: 'An index is built on a materialized view that is in use.',
  why: 'CREATE INDEX takes SHARE on it: REFRESH waits until the index is built, and queries behind that.',
  remedy: 'Freehold builds it CONCURRENTLY.',
  checks: {
    IndexStmt(index, sight) {
      const isView = tableOf(sight, index.relation)?.kind === 'materializedView'
      if (index.concurrent !== true && isView && sight.inUse(index.relation)) {
        sight.report(`builds the index ${quoted(index.idxname)} on the view ${quoted(index.relation?.relname)}`)
      }
    },
  },
}
