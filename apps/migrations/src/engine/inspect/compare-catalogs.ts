import type { Catalog } from './catalog.ts'
import { listObjects, type Properties } from './list-objects.ts'
import type { ObjectKey } from './object-keys.ts'

/** One property in which two catalogs differ. */
export interface Difference {
  object: ObjectKey
  /** The name of the property, or `missing` or `unexpected` for the object itself. */
  what: string
  expected: string | null
  found: string | null
}

/**
 * Returns every difference between two catalogs, by object and property; none means equal as docs and plans use the
 * word. `ignorePlace` leaves out owners, rights and tablespaces.
 */
export function compareCatalogs(
  expected: Catalog,
  found: Catalog,
  options: { ignorePlace?: boolean } = {},
): Difference[] {
  const same = findEqualRelations(expected, found)
  const expectedObjects = listObjects(without(expected, same), options)
  const foundObjects = listObjects(without(found, same), options)
  const keys = [...new Set([...expectedObjects.keys(), ...foundObjects.keys()])].sort()
  return keys.flatMap((key) => compareObjects(key, expectedObjects.get(key), foundObjects.get(key)))
}

/** Leaves out relations that are equal to the last part, which is most of them. */
function without(catalog: Catalog, names: Set<string>): Catalog {
  return { ...catalog, relations: catalog.relations.filter((relation) => !names.has(nameOf(relation))) }
}

/** Returns the names, as JSON, of the relations that both catalogs have with all the same parts. */
export function findEqualRelations(left: Catalog, right: Catalog): Set<string> {
  const others = new Map(right.relations.map((relation) => [nameOf(relation), relation]))
  const equal = left.relations.filter((relation) => {
    const other = others.get(nameOf(relation))
    // Readings set members in the same order; where they did not, the closer comparison finds no difference either.
    return other !== undefined && JSON.stringify({ ...relation, oid: 0 }) === JSON.stringify({ ...other, oid: 0 })
  })
  return new Set(equal.map(nameOf))
}

function nameOf(relation: { schema: string; name: string }): string {
  return JSON.stringify([relation.schema, relation.name])
}

function compareObjects(
  object: ObjectKey,
  expected: Properties | undefined,
  found: Properties | undefined,
): Difference[] {
  if (expected === undefined || found === undefined) {
    const what = found === undefined ? 'missing' : 'unexpected'
    return [{ object, what, expected: describe(expected), found: describe(found) }]
  }
  // A column that is there on one side only is reported as such, and not as a change of order as well.
  const { [columnOrder]: expectedOrder, ...expectedRest } = expected
  const { [columnOrder]: foundOrder, ...foundRest } = found
  const differences = compareProperties(object, '', expectedRest, foundRest)
  const [left, right] = [commonOrder(expectedOrder, foundOrder), commonOrder(foundOrder, expectedOrder)]
  return left === right ? differences : [...differences, { object, what: columnOrder, expected: left, found: right }]
}

const columnOrder = 'column order'

function commonOrder(names: unknown, others: unknown): string {
  const [own, other] = [toArray(names), new Set(toArray(others))]
  return JSON.stringify(own.filter((name) => other.has(name)))
}

function toArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function compareProperties(object: ObjectKey, prefix: string, expected: Properties, found: Properties): Difference[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort()
  return names.flatMap((name) => {
    const [left, right] = [expected[name], found[name]]
    if (isRecord(left) && isRecord(right)) {
      return compareProperties(object, `${prefix}${name}.`, left, right)
    }
    const [expectedText, foundText] = [toText(left), toText(right)]
    return expectedText === foundText ? [] : [{ object, what: prefix + name, expected: expectedText, found: foundText }]
  })
}

function isRecord(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Strings stand for themselves; everything else is JSON with its members in a fixed order. */
function toText(value: unknown): string | null {
  if (value === undefined || value === null) {
    return null
  }
  return typeof value === 'string' ? value : canonicalJson(value)
}

/** Returns JSON that is the same for equal data, whatever order its members were set in. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(',')}]`
  }
  if (!isRecord(value)) {
    return JSON.stringify(value ?? null)
  }
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`)
  return `{${members.join(',')}}`
}

/** One line that says what an object is, where there is a property that does. */
function describe(object: Properties | undefined): string | null {
  if (object === undefined) {
    return null
  }
  const described = object['definition'] ?? object['type'] ?? object['kind'] ?? object['ddl'] ?? ''
  return toText(described)
}
