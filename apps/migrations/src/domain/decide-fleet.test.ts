import type { RunState, WorkProblem } from '@freehold/contracts-migrations'
import { describe, expect, it } from 'vitest'
import { decideFleet, type FleetMember } from './decide-fleet.ts'

const problem: WorkProblem = { code: 'X', detail: 'x', hint: null, sqlstate: null, migrationId: null, lines: [] }
const members = (...states: (RunState | [RunState, WorkProblem])[]): FleetMember[] =>
  states.map((given, index) => {
    const [state, fault] = Array.isArray(given) ? given : [given, null]
    return { id: `run-${index}`, databaseId: `database-${index}`, state, problem: fault }
  })
const aFleet = (state: 'canary' | 'rollingOut' | 'paused' | 'stopping') => ({
  state,
  canaryDatabaseId: 'database-0',
  parallelMax: 2,
})

describe('decideFleet', () => {
  it('begins nothing while the canary is on its way', () => {
    expect(decideFleet(aFleet('canary'), members('expanding', 'held', 'held'))).toEqual({ release: [], cancel: [] })
  })

  it('rolls out once the canary’s window is open', () => {
    expect(decideFleet(aFleet('canary'), members('windowOpen', 'held'))).toMatchObject({ next: 'rollingOut' })
  })

  it('stops all when the canary fails', () => {
    const decision = decideFleet(aFleet('canary'), members(['failed', problem], 'held', 'held'))
    expect(decision).toEqual({ next: 'stopping', release: [], cancel: ['run-1', 'run-2'], problem })
  })

  it('keeps as many under way as it may', () => {
    const decision = decideFleet(aFleet('rollingOut'), members('completed', 'expanding', 'held', 'held'))
    expect(decision).toEqual({ release: ['run-2'], cancel: [] })
  })

  it('begins no further one after a failure, and takes back what has not begun', () => {
    const decision = decideFleet(
      aFleet('rollingOut'),
      members('completed', ['paused', problem], 'queued', 'expanding', 'held'),
    )
    expect(decision).toMatchObject({ next: 'stopping', cancel: ['run-4', 'run-2'] })
  })

  it('is stopped when nothing is under way any more, and completed when all are done', () => {
    expect(decideFleet(aFleet('stopping'), members('failed', 'expanding')).next).toBeUndefined()
    expect(decideFleet(aFleet('stopping'), members('failed', 'completed', 'cancelled')).next).toBe('stopped')
    expect(decideFleet(aFleet('rollingOut'), members('completed', 'windowOpen')).next).toBe('completed')
  })

  it('waits for what a person paused', () => {
    expect(decideFleet(aFleet('rollingOut'), members('completed', 'paused'))).toEqual({ release: [], cancel: [] })
  })
})
