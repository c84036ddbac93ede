import type { Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'
import { onTypeChange } from '../type-change.ts'

export const changeTypeOfKey: Rule = {
  name: 'change-type-of-key',
  number: 40,
  severity: 'note',
  title: 'A column of a primary key or of a foreign key gets a type that rewrites the table.',
  why: 'The table is rewritten under ACCESS EXCLUSIVE, and the foreign keys are checked again; the columns on their other side should have the same type.',
  remedy:
    'Freehold fills a twin of the table beside it, which takes its place in milliseconds, its foreign keys of both directions added again and validated; change the columns on the other side in the same migration.',
  checks: onTypeChange('ofKey', reportTwin),
}
