import type { Rule } from '../rule.ts'
import { reportTwin } from '../twins.ts'
import { onTypeChange } from '../type-change.ts'

export const changeTypeOfCheckedColumn: Rule = {
  name: 'change-type-of-checked-column',
  number: 39,
  severity: 'note',
  title: 'A column with a CHECK gets a wider type.',
  why: 'The rows stay as they are, but the CHECK is read again over the whole table under ACCESS EXCLUSIVE.',
  remedy:
    'Freehold sees the scan when it rehearses the statement, and fills a twin of the table where the table is not small.',
  checks: onTypeChange('checked', reportTwin),
}
