import { outsideOf } from '../own-transactions.ts'
import type { Rule } from '../rule.ts'

export const partlyCommitted: Rule = {
  name: 'partly-committed',
  number: 77,
  severity: 'note',
  title: 'A part of the file is committed before the rest has run.',
  why: 'Where the rest fails the first part stays, and the file cannot be run again as it is.',
  remedy:
    'Freehold keeps a journal of its steps and goes on behind the last one that is done, or takes them all back. For others divide the file.',
  checks: {
    end({ outline, report }) {
      const outside = outsideOf(outline.units)
      if (outside !== undefined) {
        report(outside.statement, 'stands outside the transactions that the file opens itself')
      }
    },
  },
}
