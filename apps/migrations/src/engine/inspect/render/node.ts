import type { Catalog } from '../catalog.ts'
import type { ObjectKey } from '../object-keys.ts'

/** Statements that make one object, with all that hangs on it and has no node of its own. */
export interface RenderNode {
  key: ObjectKey
  /** Keys of what the statements make besides. */
  provides: ObjectKey[]
  needs: ObjectKey[]
  rank: number
  sql: string[]
}

/** What nodes that do not need each other are ordered by. */
export const ranks = {
  schema: 0,
  extension: 1,
  early: 2,
  type: 3,
  routine: 4,
  sequence: 5,
  table: 6,
  attachment: 7,
  default: 8,
  key: 9,
  index: 10,
  indexAttachment: 11,
  check: 12,
  statistics: 13,
  view: 14,
  late: 15,
  foreignKey: 16,
  rule: 17,
  trigger: 18,
  triggerState: 19,
  policy: 20,
  publication: 21,
  last: 22,
} as const

/** What rendering one object needs to know of the others. */
export interface RenderContext {
  version: number
  catalog: Catalog
  /** What the object stands on. */
  needsOf(key: ObjectKey): ObjectKey[]
}

/** Returns the context for rendering objects of the catalog. */
export function createRenderContext(catalog: Catalog): RenderContext {
  const needs = new Map<ObjectKey, ObjectKey[]>()
  for (const { object, on } of catalog.dependencies) {
    const list = needs.get(object)
    if (list === undefined) {
      needs.set(object, [on])
    } else {
      list.push(on)
    }
  }
  return { version: catalog.serverVersionNum, catalog, needsOf: (key) => needs.get(key) ?? [] }
}

/** Returns the nodes in an order in which each stands after what it needs; in a cycle, one need is passed over. */
export function sortNodes(nodes: RenderNode[]): RenderNode[] {
  const byKey = new Map<ObjectKey, RenderNode>()
  for (const node of nodes) {
    for (const key of [node.key, ...node.provides]) {
      byKey.set(key, node)
    }
  }
  const sorted: RenderNode[] = []
  const visited = new Set<RenderNode>()
  const visit = (node: RenderNode): void => {
    if (visited.has(node)) {
      return
    }
    visited.add(node)
    for (const need of node.needs) {
      const needed = byKey.get(need)
      if (needed !== undefined) {
        visit(needed)
      }
    }
    sorted.push(node)
  }
  // Array.prototype.sort is stable: within a rank the order is the catalog's.
  for (const node of [...nodes].sort((a, b) => a.rank - b.rank)) {
    visit(node)
  }
  return sorted
}
