/** Puts drafts into the order in which they run, and numbers them. */
import { createHash } from 'node:crypto'
import type { RelationSize } from '../inspect/catalog.ts'
import type { RelationName } from '../rehearse/observation.ts'
import type { Draft } from './draft.ts'
import { estimateDraft } from './estimate.ts'
import type { Phase, Step } from './step.ts'

export const phases = ['expand', 'backfill', 'contract'] as const satisfies Phase[]

/** Returns the later of two phases. */
export function laterPhase(a: Phase, b: Phase): Phase {
  return phases.indexOf(a) >= phases.indexOf(b) ? a : b
}

/** A draft with the statement that it came from. */
export interface PlacedDraft {
  draft: Draft
  migrationId: string
  statement: number
}

const contractPlaces = ['check', 'close', 'inOrder', 'open', 'remove'] as const

/**
 * Returns the steps in order: expand, backfill, contract; within a phase as written, but for what has a place of its
 * own (Draft.place).
 */
export function orderSteps(placed: PlacedDraft[], sizeOf: (table: RelationName) => RelationSize | undefined): Step[] {
  const ordered = phases.flatMap((phase) =>
    orderPhase(
      placed.filter(({ draft }) => phaseOfDraft(draft) === phase),
      phase,
    ),
  )
  const counts = new Map<Phase, number>()
  return ordered.map(({ draft, migrationId, statement }) => {
    const phase = phaseOfDraft(draft)
    const number = (counts.get(phase) ?? 0) + 1
    counts.set(phase, number)
    return {
      id: `${phase[0]}${String(number).padStart(2, '0')}`,
      migrationId,
      statements: [...new Set([statement, ...(draft.carries ?? [])])].sort((a, b) => a - b),
      phase,
      mechanism: draft.mechanism,
      reason: draft.reason,
      do: draft.do,
      undo: draft.undo,
      estimate: estimateDraft(draft, draft.table === undefined ? undefined : sizeOf(draft.table)),
    }
  })
}

/** A bridge is opened when everything that addresses its table by name has run, which may be in backfill. */
function phaseOfDraft(draft: Draft): Phase {
  return draft.place === 'open' && draft.phase === 'expand' ? 'backfill' : draft.phase
}

function orderPhase(placed: PlacedDraft[], phase: Phase): PlacedDraft[] {
  if (phase !== 'contract') {
    // Before the contract phase checks stand with what they are for: it may be made true by a step before them.
    return [
      ...placed.filter(({ draft }) => draft.place !== 'open'),
      ...placed.filter(({ draft }) => draft.place === 'open'),
    ]
  }
  return contractPlaces.flatMap((place) => placed.filter(({ draft }) => draft.place === place))
}

/** Returns the SHA-256 in hex of the value as JSON with sorted keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(value)))
    .digest('hex')
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortKeys)
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, field]) => [key, sortKeys(field)]),
    )
  }
  return value
}
