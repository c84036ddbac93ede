import { isDeepStrictEqual } from 'node:util'
import type { Change, JsonValue } from '@freehold/contracts-catalog'

/** Returns the values that differ, each with its JSON pointer. A list counts as one value. */
export function findChanges(before: unknown, after: unknown, pointer = ''): Change[] {
  if (isDeepStrictEqual(before, after)) {
    return []
  }
  if (!isMap(before) || !isMap(after)) {
    return [{ pointer, ...side('before', before), ...side('after', after) }]
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .flatMap((name) =>
      findChanges(before[name], after[name], `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    )
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function side<S extends 'before' | 'after'>(name: S, value: unknown): { [K in S]?: JsonValue } {
  return value === undefined ? {} : ({ [name]: value } as { [K in S]?: JsonValue })
}
