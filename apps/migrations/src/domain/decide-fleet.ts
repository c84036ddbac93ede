// How a fleet run goes on: the canary alone, then so many at a time, and no further one once any has failed.

import type { FleetRunState, RunState, WorkProblem } from '@freehold/contracts-migrations'

export interface FleetMember {
  id: string
  databaseId: string
  state: RunState
  problem: WorkProblem | null
}

export interface FleetDecision {
  next?: FleetRunState
  /** Runs to begin now. */
  release: string[]
  /** Runs that are not begun any more. */
  cancel: string[]
  problem?: WorkProblem
}

type Standing = 'held' | 'active' | 'done' | 'failed'

/** Returns what is to be done; the members come in the order in which they are to be begun. */
export function decideFleet(
  fleet: { state: FleetRunState; canaryDatabaseId: string; parallelMax: number },
  members: FleetMember[],
): FleetDecision {
  const standings = Map.groupBy(members, standingOf)
  const held = (standings.get('held') ?? []).map(({ id }) => id)
  const active = standings.get('active') ?? []
  const failed = standings.get('failed') ?? []
  if (fleet.state === 'stopping') {
    const ended = active.length === 0
    return { ...(ended ? { next: 'stopped' as const } : {}), release: [], cancel: [...held, ...notBegun(active)] }
  }
  if (failed.length > 0) {
    return { next: 'stopping', release: [], cancel: [...held, ...notBegun(active)], ...toProblem(failed) }
  }
  if (fleet.state === 'canary') {
    const canary = members.find(({ databaseId }) => databaseId === fleet.canaryDatabaseId)
    const isDone = canary !== undefined && standingOf(canary) === 'done'
    return { ...(isDone ? { next: 'rollingOut' as const } : {}), release: [], cancel: [] }
  }
  if (fleet.state === 'rollingOut') {
    const release = held.slice(0, Math.max(0, fleet.parallelMax - active.length))
    const isDone = active.length === 0 && held.length === 0
    return { ...(isDone ? { next: 'completed' as const } : {}), release, cancel: [] }
  }
  return { release: [], cancel: [] }
}

function standingOf({ state, problem }: FleetMember): Standing {
  switch (state) {
    case 'held':
      return 'held'
    case 'completed':
      return 'done'
    case 'windowOpen':
      return problem === null ? 'done' : 'failed'
    case 'failed':
    case 'rejected':
    case 'cancelled':
    case 'undone':
      return 'failed'
    case 'paused':
      // One that a person paused is waited for.
      return problem === null ? 'active' : 'failed'
    default:
      return 'active'
  }
}

function notBegun(active: FleetMember[]): string[] {
  const states: RunState[] = ['planning', 'awaitingApproval', 'queued']
  return active.filter(({ state }) => states.includes(state)).map(({ id }) => id)
}

function toProblem(failed: FleetMember[]): { problem: WorkProblem } {
  const [first] = failed
  return {
    problem: first?.problem ?? {
      code: 'FHD_MIGRATIONS_FLEET_STOPPED',
      detail: `the run ${first?.id} was ${first?.state}`,
      hint: 'start another fleet run when the reason is gone: what is migrated is passed over',
      sqlstate: null,
      migrationId: null,
      lines: [],
    },
  }
}
