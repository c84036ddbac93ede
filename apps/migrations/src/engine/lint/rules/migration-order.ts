import type { Rule } from '../rule.ts'

/** What begins with a date is ordered as text, whether the time follows or not. */
const datedLengthMin = 8

export const migrationOrder: Rule = {
  name: 'migration-order',
  number: 81,
  severity: 'note',
  title: 'The order of two migrations is not the one of their numbers.',
  why: 'The folder is run in the order of its names as text: two with one number are ordered by what follows it, 10 comes before 9, and another tool may do it otherwise.',
  remedy:
    'Freehold runs them in the order of Prisma. Rename the one that no database has yet, so that its number is greater than that of the last one.',
  checks: {
    end({ outline, report }) {
      const before = outline.order[outline.order.indexOf(outline.migrationId) - 1] ?? ''
      const [number, previous] = [outline.migrationId, before].map((id) => /^\d+/.exec(id)?.[0])
      const [first] = outline.units
      if (number === undefined || previous === undefined || first === undefined) {
        return
      }
      if (BigInt(number) === BigInt(previous)) {
        report(first.statement, `has the number of ${before}`)
      } else if (number.length < datedLengthMin && BigInt(number) < BigInt(previous)) {
        report(first.statement, `is run behind ${before}, which has a greater number`)
      }
    },
  },
}
