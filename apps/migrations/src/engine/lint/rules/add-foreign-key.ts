import { isPartitioned } from '../relations.ts'
import { onAddedConstraint, quoted, type Rule } from '../rule.ts'

export const addForeignKey: Rule = {
  name: 'add-foreign-key',
  number: 12,
  severity: 'note',
  title: 'A foreign key is added to a table that is in use, and checked at once.',
  why: 'It takes SHARE ROW EXCLUSIVE on both tables and reads all rows: writers of both wait until the last row is checked.',
  remedy: 'Freehold adds it NOT VALID and validates it in a transaction of its own, which blocks nobody.',
  checks: onAddedConstraint('CONSTR_FOREIGN', (constraint, table, sight) => {
    const touchesPartitions = isPartitioned(sight, sight.relation) || isPartitioned(sight, constraint.pktable)
    if (constraint.skip_validation !== true && !touchesPartitions) {
      const name = constraint.conname === undefined ? 'a foreign key' : `the foreign key ${quoted(constraint.conname)}`
      sight.report(`adds ${name} from ${table} to ${quoted(constraint.pktable?.relname)}`, constraint)
    }
  }),
}
