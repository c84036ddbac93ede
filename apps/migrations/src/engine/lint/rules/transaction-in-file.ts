import { isPartlyCommitted, reportFault } from '../own-transactions.ts'
import type { Rule } from '../rule.ts'

export const transactionInFile: Rule = {
  name: 'transaction-in-file',
  number: 76,
  severity: 'note',
  title: 'The file opens and ends transactions itself.',
  why: 'A BEGIN inside a transaction does nothing, a missing COMMIT leaves all of the file undone or its locks held.',
  remedy: 'Freehold takes no notice of them: it plans the transactions itself. Leave them out.',
  checks: {
    end({ outline, report }) {
      const fault = reportFault(outline.units)
      if (fault !== undefined && !isPartlyCommitted(outline.units)) {
        report(fault.statement, fault.message)
      }
    },
  },
}
