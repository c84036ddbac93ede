import { isPartitioned } from '../relations.ts'
import { onAddedConstraint, quoted, type Rule } from '../rule.ts'

export const foreignKeyOnPartitioned: Rule = {
  name: 'foreign-key-on-partitioned',
  number: 14,
  severity: 'warning',
  title: 'A foreign key leads from or to a partitioned table that is in use.',
  why: 'Before Postgres 18 it cannot be NOT VALID on a partitioned table: all partitions are locked and read in one transaction.',
  remedy:
    'From Postgres 18 on Freehold adds it NOT VALID and validates it in a transaction of its own. Before that a foreign key from a partitioned table has no such form, and Freehold refuses it: add it to each partition.',
  checks: onAddedConstraint('CONSTR_FOREIGN', (constraint, table, sight) => {
    if (isPartitioned(sight, sight.relation) || isPartitioned(sight, constraint.pktable)) {
      sight.report(`adds a foreign key from ${table} to ${quoted(constraint.pktable?.relname)}`, constraint)
    }
  }),
}
