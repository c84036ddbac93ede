import type { Constraint } from '@pgsql/types'
import { bodyOf, nameParts } from '../../plan/syntax.ts'
import { quoted, type Rule, type Sight } from '../rule.ts'

export const domainConstraint: Rule = {
  name: 'domain-constraint',
  number: 26,
  severity: 'warning',
  title: 'A domain that is in use gets a constraint.',
  why: 'Every table with a column of the domain is read in one transaction, under SHARE on each.',
  remedy:
    'Add a CHECK NOT VALID, or put it on the columns: Freehold refuses it where the tables are large. NOT NULL has no such form: set it on the columns.',
  checks: {
    AlterDomainStmt(body, sight) {
      const name = nameParts(body.typeName).at(-1) ?? ''
      const constraint = bodyOf<Constraint>(body.def, 'Constraint')
      if (!isInUse(name, sight)) {
        return
      }
      if (body.subtype === 'O') {
        sight.report(`makes the domain ${quoted(name)} NOT NULL`, undefined, 'error')
      } else if (body.subtype === 'C' && constraint?.skip_validation !== true) {
        sight.report(`adds a CHECK to the domain ${quoted(name)}`, constraint)
      }
    },
  },
}

/** A domain of the folder that no column of the folder has is in use by nobody. */
function isInUse(name: string, { schema, outline }: Sight): boolean {
  const domain = schema.types.get(name)
  const columns = [...schema.tables.values()].flatMap((table) => [...table.columns.values()])
  const isUsed = columns.some(({ type }) => type?.name === name)
  return domain === undefined || (domain.createdIn !== outline.migrationId && isUsed)
}
