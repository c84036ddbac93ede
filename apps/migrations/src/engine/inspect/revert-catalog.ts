import type { Catalog } from './catalog.ts'
import { createRenderContext, type RenderContext } from './render/node.ts'
import { renderCreate } from './revert/create-object.ts'
import { renderDrop } from './revert/drop-object.ts'
import { type Changes, findChanges } from './revert/find-changes.ts'
import { alterRank, createRank, dropRank, findNeeds, type RevertAction, sortActions } from './revert/order-actions.ts'
import { comesWithAnother, goesWithAnother } from './revert/parts.ts'

/** DDL that takes a database back. */
export interface Reversion {
  /** In their order, for one transaction. */
  sql: string[]
  /** What the statements leave different, a sentence each; none means that the catalog will be as before. */
  cannot: string[]
  /** What the statements read or write whole, a sentence each. */
  heavy: string[]
}

/**
 * Returns statements that take a database with the catalog `after` back to `before`. They drop what was added, even if
 * it holds rows; what was dropped and held rows is told in `cannot`, and so is everything that Postgres does not take
 * back. A table or column that may be a renamed one is never dropped.
 */
export function revertDifference(before: Catalog, after: Catalog): Reversion {
  const context = createRenderContext(before)
  const changes = findChanges(before, after, context)
  const notes: Notes = { cannot: new Set(), heavy: new Set() }
  const actions = [...dropActions(changes), ...alterActions(changes, notes), ...createActions(changes, context, notes)]
  const needs = actions.length > 1 ? findNeeds(changes, actions, context) : new Map<string, Set<string>>()
  const sql = sortActions(actions, needs).flatMap((action) => action.sql)
  return { sql, cannot: [...notes.cannot], heavy: [...notes.heavy] }
}

interface Notes {
  cannot: Set<string>
  heavy: Set<string>
}

function dropActions(changes: Changes): RevertAction[] {
  return [...changes.dropped].flatMap((key) => {
    const entry = changes.after.get(key)
    if (entry === undefined || goesWithAnother(changes, entry)) {
      return []
    }
    return [{ id: `drop ${key}`, rank: dropRank(entry), sql: [renderDrop(entry)] }]
  })
}

function alterActions(changes: Changes, notes: Notes): RevertAction[] {
  const alterations = [...changes.altered].flatMap(([key, { sql, cannot, heavy }]) => {
    const parent = changes.before.get(key)?.parent ?? ''
    if (changes.dropped.has(key) || changes.dropped.has(parent)) {
      return []
    }
    for (const sentence of cannot) notes.cannot.add(sentence)
    for (const sentence of heavy) notes.heavy.add(sentence)
    return sql.length === 0 ? [] : [{ id: `alter ${key}`, rank: alterRank, sql }]
  })
  const renames = changes.renames.map(({ before, sql }) => ({ id: `alter ${before}`, rank: alterRank + 1, sql: [sql] }))
  return [...alterations, ...renames]
}

function createActions(changes: Changes, context: RenderContext, notes: Notes): RevertAction[] {
  return [...changes.created].flatMap((key) => {
    const entry = changes.before.get(key)
    if (entry === undefined || comesWithAnother(changes, entry, context)) {
      return []
    }
    const sql = renderCreate(entry, context)
    if (sql === undefined) {
      notes.cannot.add(`${key} is gone, and what it held cannot be made again`)
      return []
    }
    if (entry.family === 'index' || entry.family === 'constraint') {
      notes.heavy.add(`${key} is made again`)
    }
    return [{ id: `create ${key}`, rank: createRank(entry), sql }]
  })
}
