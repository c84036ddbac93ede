import { quoted, type Rule } from '../rule.ts'

export const concurrentIndexIfNotExists: Rule = {
  name: 'concurrent-index-if-not-exists',
  number: 7,
  severity: 'note',
  title: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS.',
  why: 'A build that failed leaves an INVALID index of that name, and the next run takes it for the one that it should make.',
  remedy:
    'Freehold looks whether the index is valid, and removes and rebuilds one that is not; IF NOT EXISTS is not needed.',
  checks: {
    IndexStmt(index, sight) {
      if (index.concurrent === true && index.if_not_exists === true) {
        sight.report(`takes an invalid index ${quoted(index.idxname)} for a good one`)
      }
    },
  },
}
