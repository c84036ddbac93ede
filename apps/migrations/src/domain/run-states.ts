import type { RunState } from '@freehold/contracts-migrations'

/** Which state of a run may follow which; docs/states.md draws it. */
export const runTransitions = {
  held: ['planning', 'awaitingApproval', 'queued', 'cancelled'],
  planning: ['awaitingApproval', 'queued', 'completed', 'failed', 'cancelled'],
  awaitingApproval: ['queued', 'rejected', 'cancelled'],
  queued: ['expanding', 'planning', 'paused', 'cancelled'],
  expanding: ['planning', 'windowOpen', 'contracting', 'completed', 'paused', 'undoing', 'failed', 'cancelled'],
  windowOpen: ['contractQueued', 'undoing'],
  contractQueued: ['contracting', 'windowOpen'],
  contracting: ['completed', 'windowOpen', 'paused', 'failed'],
  paused: ['queued', 'expanding', 'contracting', 'undoing', 'cancelled'],
  undoing: ['undone', 'windowOpen', 'completed', 'paused', 'failed'],
  completed: ['undoing'],
  undone: [],
  failed: [],
  rejected: [],
  cancelled: [],
} as const satisfies Record<RunState, readonly RunState[]>

/** States in which a worker takes the run up. */
export const workedStates = [
  'queued',
  'expanding',
  'contractQueued',
  'contracting',
  'undoing',
] as const satisfies RunState[]

/** States in which nothing happens until somebody asks for it. */
export const restingStates: readonly RunState[] = [
  'awaitingApproval',
  'windowOpen',
  'completed',
  'paused',
  'undone',
  'failed',
  'rejected',
  'cancelled',
]

/** States that a run enters for the last time, unless it is taken back. */
export const endStates: readonly RunState[] = ['completed', 'undone', 'failed', 'rejected', 'cancelled']

/** Tells whether the state may follow. */
export function canFollow(from: RunState, to: RunState): boolean {
  return (runTransitions[from] as readonly RunState[]).includes(to)
}
