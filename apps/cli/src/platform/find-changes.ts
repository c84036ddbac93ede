import type { Change, JsonValue } from '@freehold/contracts-catalog'

/** Returns where two values differ, by JSON Pointer, in the order of the pointers. */
export function findChanges(before: unknown, after: unknown): Change[] {
  const [one, other] = [leavesOf(before), leavesOf(after)]
  return [...new Set([...one.keys(), ...other.keys()])].sort().flatMap((pointer) => {
    const change = { pointer, ...sideOf('before', one, pointer), ...sideOf('after', other, pointer) }
    return JSON.stringify(one.get(pointer)) === JSON.stringify(other.get(pointer)) ? [] : [change]
  })
}

function sideOf(side: 'before' | 'after', leaves: Map<string, JsonValue>, pointer: string) {
  const value = leaves.get(pointer)
  return value === undefined ? {} : { [side]: value }
}

/** Lists are compared as wholes: of two that differ in the middle, the places behind say nothing. */
function leavesOf(value: unknown, pointer = ''): Map<string, JsonValue> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    return new Map([[pointer, value as JsonValue]])
  }
  return new Map(
    Object.entries(value).flatMap(([name, each]) => [
      ...leavesOf(each, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    ]),
  )
}
