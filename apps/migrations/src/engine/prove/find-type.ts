import { quoteIdentifier, quoteQualified } from '@freehold/postgres'
import type { Catalog, UserType } from '../inspect/catalog.ts'

const printedTypes = new WeakMap<Catalog, Map<string, UserType>>()

/** Returns the user's type that format_type() prints so, with its schema. */
export function findType(catalog: Catalog, printed: string): UserType | undefined {
  let byName = printedTypes.get(catalog)
  if (byName === undefined) {
    byName = new Map(catalog.types.flatMap((type) => printedNames(type).map((name) => [name, type])))
    printedTypes.set(catalog, byName)
  }
  return byName.get(printed)
}

/** Follows domains to the type below them. */
export function baseType(catalog: Catalog, type: string): string {
  let base = type
  for (let domain = findType(catalog, base)?.domain; domain !== undefined; domain = findType(catalog, base)?.domain) {
    base = domain.baseType
  }
  return base
}

/** Returns the ways in which Postgres and Freehold write a qualified name. */
export function printedNames({ schema, name }: { schema: string; name: string }): string[] {
  return [`${part(schema)}.${part(name)}`, quoteQualified(schema, name)]
}

const part = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name))
