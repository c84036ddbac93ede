import type { Catalog, Dependency } from '../catalog.ts'
import { findEqualRelations } from '../compare-catalogs.ts'
import type { ObjectKey } from '../object-keys.ts'
import type { RenderContext } from '../render/node.ts'
import { alterObject } from './alter-object.ts'
import type { Alteration } from './alteration.ts'
import { type Entry, listEntries } from './entries.ts'
import { findRenames, type Rename } from './find-renames.ts'

/** What there is to do with each object to get from `after` back to `before`. */
export interface Changes {
  before: Map<ObjectKey, Entry>
  after: Map<ObjectKey, Entry>
  afterDependencies: Dependency[]
  /** Objects of `after` that have to go, with all their parts. */
  dropped: Set<ObjectKey>
  /** Objects of `before` that have to be made, with all their parts. */
  created: Set<ObjectKey>
  altered: Map<ObjectKey, Alteration>
  renames: Rename[]
}

/** Returns what to do with each object. What can only be changed by making it anew takes its dependants along. */
export function findChanges(before: Catalog, after: Catalog, context: RenderContext): Changes {
  const sides = { before: listEntries(before), after: listEntries(after) }
  const added = [...sides.after.values()].filter(({ key }) => !sides.before.has(key))
  const removed = [...sides.before.values()].filter(({ key }) => !sides.after.has(key))
  const renames = findRenames(removed, added)
  const changes: Changes = {
    ...sides,
    afterDependencies: after.dependencies,
    dropped: new Set(added.filter((entry) => !isKept(entry, sides, removed, renames)).map(({ key }) => key)),
    created: new Set(),
    altered: new Map(),
    renames,
  }
  recreate(changes, findAltered(changes, findEqualRelations(before, after), context))
  const renamed = new Set(renames.map((rename) => rename.before))
  for (const entry of removed) {
    if (!renamed.has(entry.key) && !renamed.has(entry.parent ?? '')) {
      changes.created.add(entry.key)
    }
  }
  return changes
}

/** Fills in what can be altered, and returns the keys of what has to be made anew. */
function findAltered(changes: Changes, equal: Set<string>, context: RenderContext): ObjectKey[] {
  const recreated: ObjectKey[] = []
  for (const [key, entry] of changes.before) {
    const other = changes.after.get(key)
    if (other === undefined || isPartOf(entry, equal) || ownJson(entry) === ownJson(other)) {
      continue
    }
    const alteration = alterObject(entry, other, context)
    if (alteration.recreate) {
      recreated.push(key)
    } else {
      changes.altered.set(key, alteration)
    }
  }
  return recreated
}

function isPartOf(entry: Entry, relations: Set<string>): boolean {
  const relation = entry.family === 'relation' ? entry.object : 'relation' in entry ? entry.relation : undefined
  return relation !== undefined && relations.has(JSON.stringify([relation.schema, relation.name]))
}

function ownJson(entry: Entry): string {
  if (entry.family !== 'relation') {
    return JSON.stringify(entry.object)
  }
  const { oid: _, columns: __, constraints, indexes, triggers, policies, rules, statistics, ...own } = entry.object
  return JSON.stringify(own)
}

type Sides = Pick<Changes, 'before' | 'after'>

/** Whether the added object, or what it is part of, is or may be one that was there under another name. */
function isKept(entry: Entry, sides: Sides, removed: Entry[], renames: Rename[]): boolean {
  const isRenamed = renames.some(({ after }) => after === entry.key)
  if (isRenamed || (!sides.before.has(entry.key) && mayBeRenamed(entry, removed))) {
    return true
  }
  const parent = entry.parent === null ? undefined : sides.after.get(entry.parent)
  return parent !== undefined && isKept(parent, sides, removed, renames)
}

/** An added table or column beside a removed one may be the same under another name, with its rows. */
function mayBeRenamed(entry: Entry, removed: Entry[]): boolean {
  if (entry.family === 'relation') {
    return removed.some(({ family, object }) => family === 'relation' && object.oid === entry.object.oid)
  }
  if (entry.family === 'column' && entry.relation.definition === null) {
    return removed.some(({ family, parent }) => family === 'column' && parent === entry.parent)
  }
  return false
}

/** Drops and makes anew these objects and all that stands on them. */
function recreate(changes: Changes, keys: ObjectKey[]): void {
  const waiting = [...keys]
  while (waiting.length > 0) {
    const key = waiting.pop() as ObjectKey
    if (changes.dropped.has(key)) {
      continue
    }
    changes.dropped.add(key)
    changes.created.add(key)
    const parts = [...changes.after.values()].filter(({ parent }) => parent === key).map((part) => part.key)
    const whole = new Set([key, ...parts])
    for (const [part, entry] of changes.before) {
      if (entry.parent === key && entry.family !== 'column') {
        changes.created.add(part)
      }
    }
    for (const { object, on } of changes.afterDependencies) {
      if (whole.has(on) && !whole.has(object) && changes.before.has(object)) {
        waiting.push(ownerOf(changes, object))
      }
    }
  }
}

/** The object that has to be made anew for this one to be: a view for its column, a constraint for its index. */
function ownerOf(changes: Changes, key: ObjectKey): ObjectKey {
  const entry = changes.after.get(key)
  const isOwned =
    (entry?.family === 'column' && entry.relation.definition !== null) ||
    (entry?.family === 'index' && entry.object.constraint !== null)
  return isOwned ? (entry.parent ?? key) : key
}
