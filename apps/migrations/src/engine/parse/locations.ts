/** Parse trees say where in the text each part stands; these take that apart from what the tree means. */
import { isDeepStrictEqual } from 'node:util'

function isOffset(key: string): boolean {
  return /(^|_)location$|list_(start|end)$/.test(key)
}

/** Returns the tree with all its offsets moved by so many bytes. */
export function shiftLocations<T>(tree: T, by: number): T {
  if (by === 0) {
    return tree
  }
  return mapFields(tree, (key, field) => {
    // -1 stands for «unknown».
    const isKnownOffset = isOffset(key) && typeof field === 'number' && field >= 0
    return isKnownOffset ? field + by : shiftLocations(field, by)
  })
}

/** Tells whether two trees say the same, wherever in a text it stands. */
export function isSameTree(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(withoutLocations(one), withoutLocations(other))
}

function withoutLocations(tree: unknown): unknown {
  return mapFields(tree, (key, field) => (isOffset(key) || key === 'stmt_len' ? undefined : withoutLocations(field)))
}

function mapFields<T>(tree: T, map: (key: string, field: unknown) => unknown): T {
  if (Array.isArray(tree)) {
    return tree.map((item) => mapFields(item as unknown, map)) as T
  }
  if (typeof tree !== 'object' || tree === null) {
    return tree
  }
  const mapped: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(tree)) {
    const value = map(key, field)
    if (value !== undefined) {
      mapped[key] = value
    }
  }
  return mapped as T
}
