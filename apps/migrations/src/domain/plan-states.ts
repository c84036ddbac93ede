import type { PlanState } from '@freehold/contracts-migrations'

/** Which state of a plan may follow which; docs/states.md draws it. */
export const planTransitions = {
  making: ['made', 'nothingPending', 'failed'],
  made: [],
  nothingPending: [],
  failed: [],
} as const satisfies Record<PlanState, readonly PlanState[]>
