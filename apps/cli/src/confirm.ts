import { Problem, problems } from '@freehold/migrations/problem'
import { cliProblems } from './cli-problems.ts'
import type { Surroundings } from './surroundings.ts'

export interface Confirmation {
  question: string
  /** True with --yes. */
  given: boolean
  /** `refuse`: without a terminal the command wants --yes. `proceed`: without a terminal it goes on. */
  withoutTerminal: 'refuse' | 'proceed'
}

/** Returns when the command may go on; throws a Problem when a person says no, or when nobody can be asked. */
export async function confirm(
  surroundings: Surroundings,
  signal: AbortSignal,
  confirmation: Confirmation,
): Promise<void> {
  if (confirmation.given) {
    return
  }
  if (surroundings.confirm === null) {
    if (confirmation.withoutTerminal === 'refuse') {
      throw new Problem(
        problems.confirmationMissing,
        'this command wants to be confirmed, and there is no terminal to ask at',
      )
    }
    return
  }
  if (!(await surroundings.confirm(confirmation.question, signal))) {
    throw new Problem(cliProblems.declined, 'not confirmed')
  }
}
