import type { Rule } from '../rule.ts'
import { onTypeChange } from '../type-change.ts'

export const changeColumnTypeInPlace: Rule = {
  name: 'change-column-type-in-place',
  number: 38,
  severity: 'note',
  title: 'A column of a table that is in use gets a wider type, which leaves the rows as they are.',
  why: 'It takes ACCESS EXCLUSIVE for a moment, and prepared statements that read the column fail once.',
  remedy: 'Freehold waits for the lock without making others wait, and tries again.',
  checks: onTypeChange('inPlace', (what, sight, at) => sight.report(what, at)),
}
