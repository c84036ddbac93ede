import { isPartitioned } from '../relations.ts'
import { quoted, type Rule } from '../rule.ts'

export const createIndexOnPartitioned: Rule = {
  name: 'create-index-on-partitioned',
  number: 2,
  severity: 'note',
  title: 'An index is built on a partitioned table that is in use.',
  why: 'It is built on all partitions in one transaction, under SHARE on each of them; CONCURRENTLY is not allowed here.',
  remedy:
    'Freehold makes it ON ONLY the partitioned table, builds it on each partition CONCURRENTLY, and attaches these.',
  checks: {
    IndexStmt(index, sight) {
      // Without inheritance is how the parser writes ONLY.
      if (index.relation?.inh === true && isPartitioned(sight, index.relation)) {
        sight.report(`builds the index ${quoted(index.idxname)} on all partitions of ${quoted(index.relation.relname)}`)
      }
    },
  },
}
