import type { Dependency } from '../catalog.ts'
import { type ObjectKey, partKey, relationKey } from '../object-keys.ts'
import type { RenderContext } from '../render/node.ts'
import { parseQualified } from '../render/parse-names.ts'
import type { Entry } from './entries.ts'
import type { Changes } from './find-changes.ts'
import { climb, comesWithAnother, goesWithAnother, isNewlyAttached } from './parts.ts'

/** Statements on one object, with what they come before and after among the others. */
export interface RevertAction {
  /** `drop`, `alter` or `create`, and the object's key. */
  id: string
  rank: number
  sql: string[]
}

const dropRanks: Readonly<Record<Entry['family'], number>> = {
  publication: 0,
  policy: 1,
  trigger: 2,
  rule: 3,
  index: 6,
  statistics: 6,
  constraint: 8,
  domainConstraint: 8,
  default: 9,
  column: 10,
  relation: 11,
  sequence: 12,
  routine: 13,
  type: 14,
  other: 15,
  extension: 16,
  schema: 17,
}
const viewRank = 4
const foreignKeyRank = 5
const keyRank = 7

/** Where statements that alter stand: after all that drop and before all that create, unless one needs another. */
export const alterRank = 20
const createRankMax = 60

/** Returns where dropping the object stands among others that it has nothing to do with. */
export function dropRank(entry: Entry): number {
  if (entry.family === 'relation' && entry.object.definition !== null) {
    return viewRank
  }
  if (entry.family === 'constraint' && entry.object.kind === 'foreignKey') {
    return foreignKeyRank
  }
  if (entry.family === 'other') {
    return { early: dropRanks.other, late: dropRanks.sequence, last: 0 }[entry.object.when]
  }
  return entry.family === 'constraint' && entry.object.index !== null ? keyRank : dropRanks[entry.family]
}

/** Returns where making the object stands. */
export function createRank(entry: Entry): number {
  return createRankMax - dropRank(entry)
}

/** Returns the actions by rank, each after those that it needs; `needs` is by id. */
export function sortActions(actions: RevertAction[], needs: Map<string, Set<string>>): RevertAction[] {
  const byId = new Map(actions.map((action) => [action.id, action]))
  const sorted: RevertAction[] = []
  const visited = new Set<string>()
  const visit = (action: RevertAction): void => {
    if (visited.has(action.id)) {
      return
    }
    visited.add(action.id)
    for (const need of needs.get(action.id) ?? []) {
      const needed = byId.get(need)
      if (needed !== undefined) {
        visit(needed)
      }
    }
    sorted.push(action)
  }
  for (const action of [...actions].sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))) {
    visit(action)
  }
  return sorted
}

/** Returns what has to come before each action: dependants go first and come last, and what changes lets go before that. */
export function findNeeds(changes: Changes, actions: RevertAction[], context: RenderContext): Map<string, Set<string>> {
  const ids = new Set(actions.map((action) => action.id))
  const needs = new Map<string, Set<string>>()
  const add = (id: string, need: string): void => {
    if (id !== need && ids.has(id) && ids.has(need)) {
      needs.set(id, (needs.get(id) ?? new Set()).add(need))
    }
  }
  const dropId = (key: ObjectKey): string =>
    `drop ${climb(key, changes.after, (entry) => goesWithAnother(changes, entry))}`
  const createId = (key: ObjectKey): string =>
    `create ${climb(key, changes.before, (entry) => comesWithAnother(changes, entry, context))}`
  for (const { object, on } of [...changes.afterDependencies, ...findStructure(changes.after)]) {
    const id = dropId(on)
    if (ids.has(id)) {
      add(id, dropId(object))
      add(id, `alter ${object}`)
    }
  }
  for (const { object, on } of [...context.catalog.dependencies, ...findStructure(changes.before)]) {
    const id = createId(object)
    add(id, createId(on))
    add(id, `alter ${on}`)
    add(`alter ${object}`, createId(on))
  }
  for (const key of changes.dropped) {
    const entry = changes.after.get(key)
    if (entry !== undefined && 'relation' in entry && isNewlyAttached(changes, entry)) {
      add(`drop ${key}`, `alter ${relationKey(entry.relation)}`)
    }
    if (entry?.family === 'constraint' && entry.object.kind === 'notNull') {
      // An identity needs its column's not-null constraint.
      add(`drop ${key}`, `alter ${partKey('column', entry.relation, entry.object.columns[0] ?? '')}`)
    }
  }
  return needs
}

/** Returns the dependencies that follow from where an object stands. */
function findStructure(entries: Map<ObjectKey, Entry>): Dependency[] {
  return [...entries.values()].flatMap((entry) => {
    const own = entry.parent === null ? [] : [{ object: entry.key, on: entry.parent }]
    if (entry.family === 'relation') {
      const { inherits, partition } = entry.object
      const parents = partition === null ? inherits : [partition.of]
      return parents.map((name) => ({ object: entry.key, on: relationKey({ ...parseQualified(name), kind: 'table' }) }))
    }
    if (entry.family !== 'constraint' && entry.family !== 'index') {
      return own
    }
    const include = entry.family === 'index' ? entry.object.include : []
    const columns = [...entry.object.columns, ...include].filter((column) => column !== null)
    return [...own, ...columns.map((column) => ({ object: entry.key, on: partKey('column', entry.relation, column) }))]
  })
}
