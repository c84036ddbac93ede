import { describe, expect, it } from 'vitest'
import { type Attempt, decideAfter, type Ending } from './decide-after.ts'
import { canFollow } from './run-states.ts'

const problem = { code: 'X', detail: '', hint: null, sqlstate: null, migrationId: null, lines: [] }
const aProblem = (code: string, isPassing = false): Ending => ({ kind: 'problem', code, isPassing, problem })
const anAttempt = (change: Partial<Attempt> = {}): Attempt => ({
  activity: 'expanding',
  failures: 0,
  failuresMax: 3,
  journal: 'none',
  ...change,
})

describe('decideAfter', () => {
  it.each<[string, Partial<Attempt>, Ending, object]>([
    ['a pause', {}, { kind: 'stopped', by: 'pause' }, { next: 'paused', resumesTo: 'expanding' }],
    ['a cancel before anything was begun', {}, { kind: 'stopped', by: 'cancel' }, { next: 'cancelled' }],
    ['a cancel half-way', { journal: 'running' }, { kind: 'stopped', by: 'cancel' }, { next: 'undoing' }],
    [
      'a cancel that came too late',
      { journal: 'contracting' },
      { kind: 'stopped', by: 'cancel' },
      { next: 'paused', resumesTo: 'expanding' },
    ],
    ['a shutdown', { journal: 'running' }, { kind: 'stopped', by: 'shutdown' }, { next: 'release' }],
    ['a stale plan', {}, aProblem('FHD_MIGRATE_PLAN_STALE'), { next: 'planning' }],
    ['a lost connection', { journal: 'unknown' }, aProblem('FHD_MIGRATE_CONNECTION_LOST', true), { next: 'retry' }],
    [
      'the last lost connection',
      { failures: 2 },
      aProblem('FHD_MIGRATE_CONNECTION_LOST', true),
      { next: 'paused', resumesTo: 'expanding' },
    ],
    [
      'a step that failed and was taken back',
      { journal: 'failed' },
      aProblem('FHD_MIGRATE_STEP_FAILED'),
      { next: 'failed' },
    ],
    [
      'a contract phase that failed',
      { activity: 'contracting', journal: 'windowOpen' },
      aProblem('FHD_MIGRATE_CONTRACT_FAILED'),
      { next: 'windowOpen' },
    ],
    [
      'an undo of what is undone',
      { activity: 'undoing', journal: 'undone' },
      aProblem('FHD_MIGRATE_NOTHING_TO_UNDO'),
      { next: 'undone' },
    ],
    [
      'a refused undo of an ended run',
      { activity: 'undoing', journal: 'done' },
      aProblem('FHD_MIGRATE_UNDO_REFUSED'),
      { next: 'completed' },
    ],
  ])('knows what follows %s', (_, change, ending, decision) => {
    expect(decideAfter(anAttempt(change), ending)).toEqual(decision)
  })

  it('only names states that may follow', () => {
    const journals = [
      'none',
      'unknown',
      'running',
      'windowOpen',
      'contracting',
      'done',
      'undoing',
      'undone',
      'failed',
    ] as const
    const endings: Ending[] = [
      { kind: 'stopped', by: 'pause' },
      { kind: 'stopped', by: 'cancel' },
      aProblem('FHD_MIGRATE_STEP_FAILED'),
      aProblem('FHD_MIGRATE_PLAN_STALE'),
      aProblem('FHD_MIGRATE_CONNECTION_LOST', true),
    ]
    const wrong = (['expanding', 'contracting', 'undoing'] as const).flatMap((activity) =>
      journals.flatMap((journal) =>
        endings.flatMap((ending) => {
          const { next } = decideAfter(anAttempt({ activity, journal, failures: 2 }), ending)
          return next === 'release' || next === 'retry' || canFollow(activity, next) ? [] : [[activity, journal, next]]
        }),
      ),
    )
    expect(wrong).toEqual([])
  })
})
