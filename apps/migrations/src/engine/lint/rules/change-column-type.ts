import type { Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'
import { onTypeChange } from '../type-change.ts'

export const changeColumnType: Rule = {
  name: 'change-column-type',
  number: 37,
  severity: 'note',
  title: 'A column of a table that is in use gets a type that rewrites the table.',
  why: 'The whole table is rewritten, with its indexes, under ACCESS EXCLUSIVE: everybody waits. What the folder does not tell the type of counts as rewritten.',
  remedy: 'Freehold fills a twin of the table beside it, which takes its place in milliseconds.',
  checks: onTypeChange('rewriting', reportTwin),
}
