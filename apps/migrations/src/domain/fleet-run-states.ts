import type { FleetRunState } from '@freehold/contracts-migrations'

/** Which state of a fleet run may follow which; docs/states.md draws it. */
export const fleetRunTransitions = {
  canary: ['rollingOut', 'paused', 'stopping'],
  rollingOut: ['completed', 'paused', 'stopping'],
  paused: ['canary', 'rollingOut', 'stopping'],
  stopping: ['stopped'],
  completed: [],
  stopped: [],
} as const satisfies Record<FleetRunState, readonly FleetRunState[]>

/** States in which the fleet run is advanced by workers. */
export const movingFleetStates = ['canary', 'rollingOut', 'stopping'] as const satisfies FleetRunState[]

/** Tells whether the state may follow. */
export function canFleetFollow(from: FleetRunState, to: FleetRunState): boolean {
  return (fleetRunTransitions[from] as readonly FleetRunState[]).includes(to)
}
