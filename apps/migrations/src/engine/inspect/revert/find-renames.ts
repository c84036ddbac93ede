import { quoteIdentifier } from '@freehold/postgres'
import type { ObjectKey } from '../object-keys.ts'
import { relationWord } from '../object-keys.ts'
import { nameOf } from '../render/common.ts'
import { changedProperties } from './alteration.ts'
import type { Entry } from './entries.ts'

/** An object that has another name afterwards and is otherwise the same. */
export interface Rename {
  before: ObjectKey
  after: ObjectKey
  sql: string
}

// What follows from the name itself.
const named: Readonly<Record<string, readonly string[]>> = {
  constraint: ['name', 'index'],
  index: ['name', 'definition'],
  sequence: ['name'],
}

/** Returns the constraints, indexes and sequences that were renamed: they keep their rows' checks, contents and places. */
export function findRenames(removed: Entry[], added: Entry[]): Rename[] {
  const taken = new Set<ObjectKey>()
  return removed.flatMap((before) => {
    const properties = named[before.family]
    const after = added.find(
      (entry) =>
        properties !== undefined &&
        entry.family === before.family &&
        entry.parent === before.parent &&
        !taken.has(entry.key) &&
        changedProperties(before.object, entry.object).every((property) => properties.includes(property)) &&
        schemaOf(entry) === schemaOf(before),
    )
    if (after === undefined) {
      return []
    }
    taken.add(after.key)
    return [{ before: before.key, after: after.key, sql: renderRename(before, after) }]
  })
}

function schemaOf(entry: Entry): string {
  return entry.family === 'sequence' ? entry.object.schema : ''
}

function renderRename(before: Entry, after: Entry): string {
  const [from, to] = [nameIn(after), quoteIdentifier(nameIn(before))]
  if (before.family === 'constraint') {
    const table = `ALTER ${relationWord(before.relation.kind).toUpperCase()} ${nameOf(before.relation)}`
    return `${table} RENAME CONSTRAINT ${quoteIdentifier(from)} TO ${to}`
  }
  const word = before.family === 'index' ? 'INDEX' : 'SEQUENCE'
  const schema = before.family === 'index' ? before.relation.schema : schemaOf(before)
  return `ALTER ${word} ${nameOf({ schema, name: from })} RENAME TO ${to}`
}

function nameIn(entry: Entry): string {
  return (entry.object as { name: string }).name
}
