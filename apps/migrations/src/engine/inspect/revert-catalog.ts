import type { Catalog, Dependency } from './catalog.ts'
import { type ObjectKey, partKey, relationKey } from './object-keys.ts'
import { createRenderContext, type RenderContext } from './render/node.ts'
import { parseQualified } from './render/parse-names.ts'
import { typeNodes } from './render/simple.ts'
import { type Alteration, alterObject, changedProperties } from './revert/alter-object.ts'
import { renderCreate } from './revert/create-object.ts'
import { renderDrop } from './revert/drop-object.ts'
import { type Entry, listEntries } from './revert/entries.ts'
import { findRenames, type Rename } from './revert/find-renames.ts'
import { type RevertAction, sortActions } from './revert/sort-actions.ts'

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
  return new Reverter(before, after).revert()
}

const dropRanks: Readonly<Record<Entry['family'], number>> = {
  publication: 0,
  policy: 1,
  trigger: 2,
  rule: 3,
  relation: 11,
  index: 6,
  statistics: 6,
  constraint: 8,
  domainConstraint: 8,
  default: 9,
  column: 10,
  sequence: 12,
  routine: 13,
  type: 14,
  other: 15,
  extension: 16,
  schema: 17,
}
const alterRank = 20
const createRankMax = 60

function dropRank(entry: Entry): number {
  if (entry.family === 'relation' && entry.object.definition !== null) {
    return dropRanks.rule + 1
  }
  if (entry.family === 'constraint' && entry.object.kind === 'foreignKey') {
    return dropRanks.rule + 2
  }
  if (entry.family === 'other') {
    return { early: dropRanks.other, late: dropRanks.sequence, last: 0 }[entry.object.when]
  }
  return entry.family === 'constraint' && entry.object.index !== null ? dropRanks.index + 1 : dropRanks[entry.family]
}

class Reverter {
  private readonly before: Map<ObjectKey, Entry>
  private readonly after: Map<ObjectKey, Entry>
  private readonly context: RenderContext
  private readonly afterDependencies: Dependency[]
  private readonly afterNeeds = new Map<ObjectKey, ObjectKey[]>()
  private readonly cannot: string[] = []
  private readonly heavy: string[] = []
  private readonly dropped = new Set<ObjectKey>()
  private readonly created = new Set<ObjectKey>()
  private readonly altered = new Map<ObjectKey, Alteration>()
  private readonly renames: Rename[]
  private readonly added: Entry[]
  private readonly removed: Entry[]

  constructor(before: Catalog, after: Catalog) {
    this.before = listEntries(before)
    this.after = listEntries(after)
    this.context = createRenderContext(before)
    this.afterDependencies = after.dependencies
    for (const { object, on } of after.dependencies) {
      this.afterNeeds.set(object, [...(this.afterNeeds.get(object) ?? []), on])
    }
    this.added = [...this.after.values()].filter(({ key }) => !this.before.has(key))
    this.removed = [...this.before.values()].filter(({ key }) => !this.after.has(key))
    this.renames = findRenames(this.removed, this.added)
  }

  revert(): Reversion {
    const renamedAfter = new Set(this.renames.map((rename) => rename.after))
    const renamedBefore = new Set(this.renames.map((rename) => rename.before))
    const recreated: ObjectKey[] = []
    for (const [key, entry] of this.before) {
      const other = this.after.get(key)
      if (other === undefined || canonical(entry) === canonical(other)) {
        continue
      }
      const alteration = alterObject(entry, other, this.context)
      if (alteration.recreate) {
        recreated.push(key)
      } else {
        this.altered.set(key, alteration)
      }
    }
    for (const entry of this.added) {
      const parts = [entry, ...this.ancestorsOf(entry)]
      if (
        !parts.some((part) => renamedAfter.has(part.key) || (!this.before.has(part.key) && this.mayBeRenamed(part)))
      ) {
        this.dropped.add(entry.key)
      }
    }
    this.recreateAll(recreated)
    for (const entry of this.removed) {
      if (!renamedBefore.has(entry.key) && !renamedBefore.has(entry.parent ?? '')) {
        this.created.add(entry.key)
      }
    }
    const actions = [...this.dropActions(), ...this.alterActions(), ...this.createActions()]
    const sql = sortActions(actions, this.needs()).flatMap((action) => action.sql)
    return { sql, cannot: [...new Set(this.cannot)], heavy: [...new Set(this.heavy)] }
  }

  private ancestorsOf(entry: Entry): Entry[] {
    const parent = entry.parent === null ? undefined : this.after.get(entry.parent)
    return parent === undefined ? [] : [parent, ...this.ancestorsOf(parent)]
  }

  /** An added table or column beside a removed one may be the same under another name, with its rows. */
  private mayBeRenamed(entry: Entry): boolean {
    if (entry.family === 'relation') {
      return this.removed.some(
        ({ family, object }) => family === 'relation' && 'oid' in object && object.oid === entry.object.oid,
      )
    }
    if (entry.family === 'column' && entry.relation.definition === null) {
      return this.removed.some(({ family, parent }) => family === 'column' && parent === entry.parent)
    }
    return false
  }

  /** Drops and makes anew these objects and all that stands on them. */
  private recreateAll(keys: ObjectKey[]): void {
    const waiting = [...keys]
    while (waiting.length > 0) {
      const key = waiting.pop() as ObjectKey
      if (this.dropped.has(key)) {
        continue
      }
      this.dropped.add(key)
      this.created.add(key)
      const parts = [...this.after.values()].filter(({ parent }) => parent === key).map((part) => part.key)
      const ownParts = new Set([key, ...parts])
      for (const [part, entry] of this.before) {
        if (entry.parent === key && entry.family !== 'column') {
          this.created.add(part)
        }
      }
      for (const { object, on } of this.afterDependencies) {
        if (!ownParts.has(on) || ownParts.has(object) || !this.before.has(object)) {
          continue
        }
        waiting.push(this.ownerOf(object))
      }
    }
  }

  /** The object that has to be made anew for this one to be: a view for its column, a constraint for its index. */
  private ownerOf(key: ObjectKey): ObjectKey {
    const entry = this.after.get(key)
    if (entry?.family === 'column' && entry.relation.definition !== null) {
      return entry.parent ?? key
    }
    return entry?.family === 'index' && entry.object.constraint !== null ? (entry.parent ?? key) : key
  }

  private dropActions(): RevertAction[] {
    return [...this.dropped].flatMap((key) => {
      const entry = this.after.get(key)
      if (entry === undefined || this.goesWithAnother(entry)) {
        return []
      }
      return [{ id: `drop ${key}`, rank: dropRank(entry), sql: [renderDrop(entry)] }]
    })
  }

  /** Whether it goes by itself when what it is part of, or inherited from, is dropped. */
  private goesWithAnother(entry: Entry): boolean {
    if (this.isBetweenDropped(entry) || this.holdsDroppedCode(entry)) {
      return false
    }
    for (let parent = entry.parent; parent !== null; parent = this.after.get(parent)?.parent ?? null) {
      if (this.dropped.has(parent)) {
        return true
      }
    }
    if (!('relation' in entry)) {
      return entry.family === 'sequence' && entry.object.ownedBy?.by === 'internal'
    }
    const attached = this.isNewlyAttached(entry)
    switch (entry.family) {
      case 'constraint':
        return this.columnIsDropped(entry.relation, entry.object) || (isInherited(entry.object) && !attached)
      case 'column':
        return isInherited(entry.object) && !attached
      case 'trigger':
        return entry.object.inherited
      case 'index':
        return entry.object.constraint !== null || (entry.object.attachedTo !== null && !attached)
      default:
        return false
    }
  }

  /** Tables that reference each other can only be dropped when the foreign keys between them are gone. */
  private isBetweenDropped(entry: Entry): boolean {
    if (entry.family !== 'constraint' || entry.object.references === null || isInherited(entry.object)) {
      return false
    }
    const { schema, table: name } = entry.object.references
    const referenced = relationKey({ schema, name, kind: 'table' })
    return referenced !== entry.parent && this.dropped.has(referenced)
  }

  /** Code may stand on the row type of the table that uses it. */
  private holdsDroppedCode(entry: Entry): boolean {
    const isHeld = entry.family === 'default' || (entry.family === 'constraint' && entry.object.kind === 'check')
    if (!isHeld || (entry.family === 'constraint' && isInherited(entry.object))) {
      return false
    }
    return (this.afterNeeds.get(entry.key) ?? []).some((on) => on.startsWith('function ') && this.dropped.has(on))
  }

  private columnIsDropped(
    relation: { schema: string; name: string },
    constraint: { kind: string; columns: string[] },
  ): boolean {
    return (
      constraint.kind === 'notNull' &&
      [...this.dropped].some((key) => {
        const entry = this.after.get(key)
        return (
          entry?.family === 'column' &&
          entry.relation.schema === relation.schema &&
          entry.relation.name === relation.name &&
          entry.object.name === constraint.columns[0]
        )
      })
    )
  }

  /** Whether the relation has taken a parent meanwhile, which is undone first: its parts are its own then. */
  private isNewlyAttached(entry: Extract<Entry, { relation: unknown }>): boolean {
    const key = relationKey(entry.relation)
    const [before, after] = [this.before.get(key), this.after.get(key)]
    if (before?.family !== 'relation' || after?.family !== 'relation') {
      return false
    }
    return changedProperties(parents(before.object), parents(after.object)).length > 0
  }

  private alterActions(): RevertAction[] {
    const alterations = [...this.altered].flatMap(([key, { sql, cannot, heavy }]) => {
      const parent = this.before.get(key)?.parent ?? ''
      if (this.dropped.has(key) || this.dropped.has(parent)) {
        return []
      }
      this.cannot.push(...cannot)
      this.heavy.push(...heavy)
      return sql.length === 0 ? [] : [{ id: `alter ${key}`, rank: alterRank, sql }]
    })
    const renames = this.renames.map(({ before, sql }) => ({ id: `alter ${before}`, rank: alterRank + 1, sql: [sql] }))
    return [...alterations, ...renames]
  }

  private createActions(): RevertAction[] {
    return [...this.created].flatMap((key) => {
      const entry = this.before.get(key)
      if (entry === undefined || this.comesWithAnother(entry)) {
        return []
      }
      const sql = renderCreate(entry, this.context)
      if (sql === undefined) {
        this.cannot.push(`${key} is gone, and what it held cannot be made again`)
        return []
      }
      if (entry.family === 'index' || entry.family === 'constraint') {
        this.heavy.push(`${key} is made again`)
      }
      return [{ id: `create ${key}`, rank: createRankMax - dropRank(entry), sql }]
    })
  }

  /** Whether it is made by making what it is part of, or inherited from. */
  private comesWithAnother(entry: Entry): boolean {
    const { parent } = entry
    if (entry.family === 'domainConstraint') {
      const inline = typeNodes(entry.type, this.context).every((node) => node.key !== entry.key)
      return this.created.has(parent ?? '') && inline
    }
    if (entry.family === 'sequence') {
      return this.created.has(parent ?? '')
    }
    if (!('relation' in entry)) {
      return false
    }
    // What went with a table or column that is gone is told by that alone.
    if (
      parent !== null &&
      this.created.has(parent) &&
      (entry.family === 'default' || entry.relation.definition === null)
    ) {
      return true
    }
    switch (entry.family) {
      case 'constraint':
        return isInherited(entry.object)
      case 'column':
        return isInherited(entry.object) || entry.relation.definition !== null
      case 'trigger':
        return entry.object.inherited
      case 'index':
        return entry.object.constraint !== null
      default:
        return false
    }
  }

  /** Dependants are dropped first and made last; what changes lets go of the new before that is dropped. */
  private needs(): Map<string, string[]> {
    const needs = new Map<string, string[]>()
    const add = (id: string, need: string): void => {
      if (id !== need) {
        needs.set(id, [...(needs.get(id) ?? []), need])
      }
    }
    const dropId = (key: ObjectKey): string => `drop ${climb(key, this.after, (entry) => this.goesWithAnother(entry))}`
    const createId = (key: ObjectKey): string =>
      `create ${climb(key, this.before, (entry) => this.comesWithAnother(entry))}`
    for (const { object, on } of [...this.afterDependencies, ...structure(this.after)]) {
      add(dropId(on), dropId(object))
      add(dropId(on), `alter ${object}`)
    }
    for (const { object, on } of [...this.context.catalog.dependencies, ...structure(this.before)]) {
      add(createId(object), createId(on))
      add(createId(object), `alter ${on}`)
      add(`alter ${object}`, createId(on))
    }
    for (const key of this.dropped) {
      const entry = this.after.get(key)
      if (entry !== undefined && 'relation' in entry && this.isNewlyAttached(entry)) {
        add(`drop ${key}`, `alter ${relationKey(entry.relation)}`)
      }
      if (entry?.family === 'constraint' && entry.object.kind === 'notNull') {
        // An identity needs its column's not-null constraint.
        add(`drop ${key}`, `alter ${partKey('column', entry.relation, entry.object.columns[0] ?? '')}`)
      }
    }
    return needs
  }
}

function canonical(entry: Entry): string {
  const { relation: _, ...rest } = entry as Entry & { relation?: unknown }
  if (rest.family !== 'relation') {
    return JSON.stringify(rest.object)
  }
  const { oid: __, columns: ___, constraints, indexes, triggers, policies, rules, statistics, ...own } = rest.object
  return JSON.stringify(own)
}

function isInherited(part: { isLocal: boolean; inheritedCount: number }): boolean {
  return part.inheritedCount > 0 && !part.isLocal
}

function parents(relation: { inherits: string[]; partition: unknown }): object {
  return { inherits: relation.inherits, partition: relation.partition }
}

/** Returns the object, or the nearest that it is part of and that does not itself come and go with another. */
function climb(key: ObjectKey, entries: Map<ObjectKey, Entry>, isPart: (entry: Entry) => boolean): ObjectKey {
  const entry = entries.get(key)
  return entry?.parent != null && isPart(entry) ? climb(entry.parent, entries, isPart) : key
}

/** Returns the dependencies that follow from where an object stands. */
function structure(entries: Map<ObjectKey, Entry>): Dependency[] {
  return [...entries.values()].flatMap((entry) => {
    const own = entry.parent === null ? [] : [{ object: entry.key, on: entry.parent }]
    if (entry.family === 'constraint') {
      const columns = entry.object.columns.map((column) => ({
        object: entry.key,
        on: partKey('column', entry.relation, column),
      }))
      return [...own, ...columns]
    }
    if (entry.family === 'relation') {
      const parents = [
        ...entry.object.inherits,
        ...(entry.object.partition === null ? [] : [entry.object.partition.of]),
      ]
      return parents.map((parent) => ({
        object: entry.key,
        on: relationKey({ ...parseQualified(parent), kind: 'table' }),
      }))
    }
    if (entry.family === 'index') {
      const names = [...entry.object.columns, ...entry.object.include].filter((column) => column !== null)
      return [...own, ...names.map((column) => ({ object: entry.key, on: partKey('column', entry.relation, column) }))]
    }
    return own
  })
}
