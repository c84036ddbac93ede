import { type ObjectKey, partKey, relationKey } from '../object-keys.ts'
import type { RenderContext } from '../render/node.ts'
import { typeNodes } from '../render/simple.ts'
import { changedProperties } from './alteration.ts'
import type { Entry } from './entries.ts'
import type { Changes } from './find-changes.ts'

/** Returns whether a dropped object goes by itself when what it is part of, or inherited from, is dropped. */
export function goesWithAnother(changes: Changes, entry: Entry): boolean {
  if (isBetweenDropped(changes, entry) || holdsDroppedCode(changes, entry)) {
    return false
  }
  for (let parent = entry.parent; parent !== null; parent = changes.after.get(parent)?.parent ?? null) {
    if (changes.dropped.has(parent)) {
      return true
    }
  }
  if (!('relation' in entry)) {
    return entry.family === 'sequence' && entry.object.ownedBy?.by === 'internal'
  }
  const isOfParent = !isNewlyAttached(changes, entry)
  switch (entry.family) {
    case 'constraint':
      return hasDroppedColumn(changes, entry) || (isInherited(entry.object) && isOfParent)
    case 'column':
      return isInherited(entry.object) && isOfParent
    case 'trigger':
      return entry.object.inherited
    case 'index':
      return entry.object.constraint !== null || (entry.object.attachedTo !== null && isOfParent)
    default:
      return false
  }
}

type PartOfRelation = Extract<Entry, { relation: unknown }>

/** Tables that reference each other can only be dropped when the foreign keys between them are gone. */
function isBetweenDropped(changes: Changes, entry: Entry): boolean {
  if (entry.family !== 'constraint' || entry.object.references === null || isInherited(entry.object)) {
    return false
  }
  const { schema, table: name } = entry.object.references
  const referenced = relationKey({ schema, name, kind: 'table' })
  return referenced !== entry.parent && changes.dropped.has(referenced)
}

/** Code may stand on the row type of the very table that uses it. */
function holdsDroppedCode(changes: Changes, entry: Entry): boolean {
  const isHeld =
    entry.family === 'default' ||
    (entry.family === 'constraint' && entry.object.kind === 'check' && !isInherited(entry.object))
  if (!isHeld || !changes.dropped.has(entry.key)) {
    return false
  }
  return changes.afterDependencies.some(
    ({ object, on }) => object === entry.key && on.startsWith('function ') && changes.dropped.has(on),
  )
}

function hasDroppedColumn(changes: Changes, { object, relation }: Extract<Entry, { family: 'constraint' }>): boolean {
  return object.kind === 'notNull' && changes.dropped.has(partKey('column', relation, object.columns[0] ?? ''))
}

/** Returns whether the relation has taken a parent meanwhile, which is undone first: its parts are its own then. */
export function isNewlyAttached(changes: Changes, entry: PartOfRelation): boolean {
  const key = relationKey(entry.relation)
  const [before, after] = [changes.before.get(key), changes.after.get(key)]
  if (before?.family !== 'relation' || after?.family !== 'relation') {
    return false
  }
  return changedProperties(parents(before.object), parents(after.object)).length > 0
}

function parents(relation: { inherits: string[]; partition: unknown }): object {
  return { inherits: relation.inherits, partition: relation.partition }
}

/** Returns whether an object comes by itself when what it is part of, or inherited from, is made. */
export function comesWithAnother(changes: Changes, entry: Entry, context: RenderContext): boolean {
  const isPartOfCreated = entry.parent !== null && changes.created.has(entry.parent)
  if (entry.family === 'domainConstraint') {
    return isPartOfCreated && typeNodes(entry.type, context).every((node) => node.key !== entry.key)
  }
  if (!('relation' in entry)) {
    return entry.family === 'sequence' && isPartOfCreated
  }
  // What went with a table or column that is gone is told by that alone.
  if (isPartOfCreated && (entry.family === 'default' || entry.relation.definition === null)) {
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

/** Returns whether a column or constraint is there only because a parent has it. */
export function isInherited(part: { isLocal: boolean; inheritedCount: number }): boolean {
  return part.inheritedCount > 0 && !part.isLocal
}

/** Returns the object, or the nearest that it is part of and that does not itself come and go with another. */
export function climb(key: ObjectKey, entries: Map<ObjectKey, Entry>, isPart: (entry: Entry) => boolean): ObjectKey {
  const entry = entries.get(key)
  return entry?.parent != null && isPart(entry) ? climb(entry.parent, entries, isPart) : key
}
