import type { Relation, Routine } from './catalog.ts'

/**
 * Names of objects, as comparison, dependencies and messages use them: `table public.orders`, `column public.orders.total`,
 * `function public.add(integer, integer)`. Parts are raw and joined by dots; a part that holds a dot or a quote is quoted.
 */
export type ObjectKey = string

function join(...parts: string[]): string {
  return parts.map((part) => (/["'.]/.test(part) || part === '' ? `"${part.replaceAll('"', '""')}"` : part)).join('.')
}

export const schemaKey = (name: string): ObjectKey => `schema ${join(name)}`
export const extensionKey = (name: string): ObjectKey => `extension ${join(name)}`
export const typeKey = (type: { schema: string; name: string }): ObjectKey => `type ${join(type.schema, type.name)}`
export const sequenceKey = (sequence: { schema: string; name: string }): ObjectKey =>
  `sequence ${join(sequence.schema, sequence.name)}`
export const publicationKey = (name: string): ObjectKey => `publication ${join(name)}`
export const otherKey = (other: { family: string; key: string }): ObjectKey => `${other.family} ${other.key}`

const relationWords = {
  table: 'table',
  partitionedTable: 'table',
  view: 'view',
  materializedView: 'materialized view',
  foreignTable: 'foreign table',
} as const satisfies Record<Relation['kind'], string>

/** The SQL keywords for the kind of relation, lower case, such as `materialized view`. */
export function relationWord(kind: Relation['kind']): string {
  return relationWords[kind]
}

export function relationKey(relation: Pick<Relation, 'schema' | 'name' | 'kind'>): ObjectKey {
  return `${relationWords[relation.kind]} ${join(relation.schema, relation.name)}`
}

/** A part of a relation that has its name within it: `column`, `default`, `constraint`, `trigger`, `policy`, `rule`. */
export function partKey(
  word: 'column' | 'default' | 'constraint' | 'trigger' | 'policy' | 'rule',
  relation: { schema: string; name: string },
  name: string,
): ObjectKey {
  return `${word} ${join(relation.schema, relation.name, name)}`
}

/** Indexes share the namespace of relations: they are named by schema, not by table. */
export const indexKey = (schema: string, name: string): ObjectKey => `index ${join(schema, name)}`
export const statisticsKey = (statistics: { schema: string; name: string }): ObjectKey =>
  `statistics ${join(statistics.schema, statistics.name)}`
export const domainConstraintKey = (type: { schema: string; name: string }, name: string): ObjectKey =>
  `domain constraint ${join(type.schema, type.name, name)}`

export function routineKey(routine: Pick<Routine, 'schema' | 'name' | 'kind' | 'identityArguments'>): ObjectKey {
  const word = routine.kind === 'window' ? 'function' : routine.kind
  return `${word} ${join(routine.schema, routine.name)}(${routine.identityArguments})`
}
