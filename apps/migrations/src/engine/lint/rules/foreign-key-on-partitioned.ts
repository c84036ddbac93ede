import { isPartitioned } from '../relations.ts'
import { onAddedConstraint, quoted, type Rule } from '../rule.ts'

export const foreignKeyOnPartitioned: Rule = {
  name: 'foreign-key-on-partitioned',
  number: 14,
  severity: 'note',
  title: 'A foreign key leads from or to a partitioned table that is in use.',
  why: 'Before Postgres 18 it cannot be NOT VALID on a partitioned table: all partitions are locked and read in one transaction.',
  remedy:
    'Freehold adds it to each partition NOT VALID and validates it there, so that the partitioned table has nothing left to read.',
  checks: onAddedConstraint('CONSTR_FOREIGN', (constraint, table, sight) => {
    if (isPartitioned(sight, sight.relation) || isPartitioned(sight, constraint.pktable)) {
      sight.report(`adds a foreign key from ${table} to ${quoted(constraint.pktable?.relname)}`, constraint)
    }
  }),
}
