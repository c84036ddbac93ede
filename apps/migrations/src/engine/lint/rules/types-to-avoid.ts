import { isSerial } from '../column-types.ts'
import { type NewColumn, newColumns } from '../new-columns.ts'
import { quotedList, type Rule } from '../rule.ts'

export const typesToAvoid: Rule = {
  name: 'types-to-avoid',
  number: 46,
  severity: 'warning',
  title: 'A new column has a type that will have to be changed one day.',
  why: 'A key of 32 bits ends at two thousand million; char pads with blanks; timestamp does not say of which time zone; the rights and the sequence of serial go their own ways.',
  remedy: 'Use bigint, text, timestamptz, and GENERATED … AS IDENTITY: changing the type later rewrites the table.',
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
  ['serial', ({ definition }, isNew) => isNew && isSerial(definition.typeName)],
  ['a key of 32 bits or fewer', (column, isNew) => isNew && column.isKey && isShortInteger(column)],
  ['char, which pads with blanks', ({ type }) => type?.name === 'bpchar'],
  ['timestamp without time zone', ({ type }) => type?.name === 'timestamp'],
]

function isShortInteger({ type, definition }: NewColumn): boolean {
  return !isSerial(definition.typeName) && (type?.name === 'int4' || type?.name === 'int2')
}
