import type { RelationSize } from '../inspect/catalog.ts'
import type { Draft } from './draft.ts'
import { catalogChangeMs, indexBytesPerMs, rewriteBytesPerMs, scanBytesPerMs } from './limits.ts'
import type { Estimate } from './step.ts'

/** Returns what a step will cost at the live size of its table. */
export function estimateDraft(draft: Draft, size: RelationSize | undefined): Estimate {
  const bytes = size?.heapBytes ?? 0
  if (draft.holdMs !== undefined) {
    return { holdMs: draft.holdMs, durationMs: draft.holdMs, walBytes: bytes, diskBytes: bytes }
  }
  switch (draft.cost) {
    case 'catalog':
      return { holdMs: catalogChangeMs, durationMs: catalogChangeMs, walBytes: 8192, diskBytes: 0 }
    case 'scan':
      return { holdMs: 0, durationMs: toMs(bytes, scanBytesPerMs), walBytes: 0, diskBytes: 0 }
    case 'index': {
      const indexBytes = Math.round(bytes / 4)
      return { holdMs: 0, durationMs: toMs(bytes, indexBytesPerMs), walBytes: indexBytes, diskBytes: indexBytes }
    }
    case 'copy':
      return { holdMs: 0, durationMs: toMs(bytes, rewriteBytesPerMs), walBytes: 2 * bytes, diskBytes: bytes }
  }
}

/** Returns how long a plain statement holds its strongest lock, from what it was seen to do. */
export function estimatePlainHoldMs(
  seen: { rewrites: boolean; builds: boolean; scans: boolean },
  bytes: number,
): number {
  if (seen.rewrites) {
    return toMs(bytes, rewriteBytesPerMs)
  }
  if (seen.builds) {
    return toMs(bytes, indexBytesPerMs)
  }
  return seen.scans ? toMs(bytes, scanBytesPerMs) : catalogChangeMs
}

function toMs(bytes: number, bytesPerMs: number): number {
  return catalogChangeMs + Math.round(bytes / bytesPerMs)
}
