import { isSerial } from '../column-types.ts'
import { type NewColumn, newColumns } from '../new-columns.ts'
import { quotedList, type Rule } from '../rule.ts'

export const typesToAvoid: Rule = {
  name: 'types-to-avoid',
  number: 46,
  severity: 'warning',
  title: 'A new column has a type that will have to be changed one day.',
  why: 'A key of 32 bits ends at two thousand million; char pads with blanks; timestamp does not say of which time zone (timestamp(3), which Prisma writes and means UTC by, is not reported).',
  remedy: 'Use bigint (in Prisma BigInt), text, and timestamptz: changing the type later rewrites the table.',
  checks: newColumns((columns, table, sight, isNew) => {
    for (const [what, isIt] of kinds) {
      const found = columns.filter((column) => isIt(column, isNew))
      if (found.length > 0) {
        const names = quotedList(found.map(({ name }) => name))
        sight.report(`${names} of ${table} ${found.length === 1 ? 'is' : 'are'} ${what}`, found[0])
      }
    }
  }),
}

const kinds: [string, (column: NewColumn, isNew: boolean) => boolean][] = [
  ['a key of 32 bits or fewer', (column, isNew) => isNew && column.isKey && isShortInteger(column)],
  [
    'a serial of 32 bits or fewer',
    (column) => !column.isKey && isShortInteger(column) && isSerial(column.definition.typeName),
  ],
  ['char, which pads with blanks', ({ type }) => type?.name === 'bpchar'],
  ['timestamp without time zone', ({ type }) => type?.name === 'timestamp' && type.modifiers[0] !== prismaPrecision],
]

/** Prisma writes `DateTime` as timestamp(3), and its client reads and writes UTC. */
const prismaPrecision = 3

function isShortInteger({ type }: NewColumn): boolean {
  return type?.name === 'int4' || type?.name === 'int2'
}
