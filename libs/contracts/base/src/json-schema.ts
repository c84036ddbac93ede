// JSON Schemas of zod schemas, with the named ones (`.meta({ id })`) gathered in one place.

import { z } from 'zod'

export type JsonSchema = Record<string, unknown>
type Direction = 'input' | 'output'
type Definitions = Record<string, JsonSchema>

/** Gathers the named schemas that others refer to. */
export interface NamedSchemas {
  /** Returns the schema; what it names is gathered, and referred to. */
  add(schema: z.ZodType, direction: Direction): JsonSchema
  /** Returns the named schemas gathered so far, sorted by name. */
  all(): Definitions
}

/** Returns an empty gathering; its references begin with `prefix`, `#/components/schemas/` for example. */
export function gatherSchemas(prefix: string): NamedSchemas {
  const gathered = new Map<string, JsonSchema>()
  return {
    add(schema, direction) {
      const there = convert(schema, direction, 'throw')
      const differing = findDiffering(there.definitions, convert(schema, opposite[direction], 'any').definitions)
      // A name whose schema reads differently as input (a default need not be given) stands once for each.
      const nameOf = (id: string): string => (direction === 'input' && differing.has(id) ? `${id}Input` : id)
      const redirect = (value: unknown): unknown => mapReferences(value, (id) => `${prefix}${nameOf(id)}`)
      for (const [id, definition] of Object.entries(there.definitions)) {
        if (id.startsWith('__')) {
          throw new TypeError('a schema that contains itself needs a name: .meta({ id })')
        }
        gathered.set(nameOf(id), redirect(definition) as JsonSchema)
      }
      return redirect(there.schema) as JsonSchema
    },
    all: () => Object.fromEntries([...gathered].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

const opposite = { input: 'output', output: 'input' } as const

function convert(
  schema: z.ZodType,
  io: Direction,
  unrepresentable: 'throw' | 'any',
): { schema: JsonSchema; definitions: Definitions } {
  // As a member the schema is no root, so that a named or recursive one is always put aside under its name.
  const whole = z.toJSONSchema(z.object({ it: schema }), {
    io,
    unrepresentable,
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod
      // A member that a later version adds to an answer must not break those who check this version's schema.
      if (def.type === 'object' && (def as z.core.$ZodObjectDef).catchall === undefined) {
        delete jsonSchema.additionalProperties
      }
    },
  }) as unknown as { properties: { it: JsonSchema }; $defs?: Definitions }
  const definitions = Object.entries(whole.$defs ?? {}).map(([id, { id: _, ...definition }]) => [id, definition])
  return { schema: whole.properties.it, definitions: Object.fromEntries(definitions) }
}

/** Returns the names whose schemas differ, themselves or in what they refer to. */
function findDiffering(some: Definitions, others: Definitions): Set<string> {
  const differing = new Set(Object.keys(some).filter((id) => JSON.stringify(some[id]) !== JSON.stringify(others[id])))
  for (let size = -1; size !== differing.size; ) {
    size = differing.size
    for (const [id, definition] of Object.entries(some)) {
      mapReferences(definition, (other) => {
        if (differing.has(other)) {
          differing.add(id)
        }
        return other
      })
    }
  }
  return differing
}

function mapReferences(value: unknown, to: (id: string) => string): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => mapReferences(each, to))
  }
  if (value === null || typeof value !== 'object') {
    return value
  }
  const entries = Object.entries(value).map(([key, each]) =>
    key === '$ref' && typeof each === 'string' && each.startsWith('#/$defs/')
      ? [key, to(each.slice('#/$defs/'.length))]
      : [key, mapReferences(each, to)],
  )
  return Object.fromEntries(entries)
}
