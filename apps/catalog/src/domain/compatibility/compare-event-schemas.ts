import type { EventCompatibility } from '@freehold/contracts-catalog'
import type { z } from 'zod'
import { compareSchemas } from './compare-schemas.ts'
import type { Finding } from './finding.ts'

/** A finding of an event's schema: which way it breaks, and against which version. */
export interface EventFinding extends Finding {
  side: 'backward' | 'forward'
  against: string
}

/** An earlier schema of the event and the version that it belongs to. */
export interface EarlierSchema {
  version: string
  schema: unknown
}

/**
 * Returns what breaks between the earlier schemas of an event, newest last, and a new one. Backward: whoever reads by the
 * new schema can read what was written by the earlier ones. Forward: the other way round. Transitive: against all of
 * them, not only against the newest.
 */
export function compareEventSchemas(
  earlier: readonly EarlierSchema[],
  later: unknown,
  compatibility: z.output<typeof EventCompatibility>,
): EventFinding[] {
  const against = compatibility.endsWith('Transitive') ? earlier : earlier.slice(-1)
  const isBackward = /^(?:backward|full)/.test(compatibility)
  const isForward = /^(?:forward|full)/.test(compatibility)
  return against.flatMap(({ version, schema }) => {
    const old = { document: schema, schema, pointer: '' }
    const current = { document: later, schema: later, pointer: '' }
    const backward = isBackward ? compareSchemas(old, current, { kind: 'newReads' }) : []
    const forward = isForward ? compareSchemas(old, current, { kind: 'newWrites' }) : []
    return [
      ...backward.map((finding): EventFinding => ({ ...finding, side: 'backward', against: version })),
      ...forward.map((finding): EventFinding => ({ ...finding, side: 'forward', against: version })),
    ]
  })
}
