// JSON Schema, as OpenAPI 3.0 and 3.1 and drafts 4 to 2020-12 write it, brought to one form that can be compared.

import { isDeepStrictEqual } from 'node:util'
import { below } from './finding.ts'

export type JsonObject = Record<string, unknown>

/** A schema with `$ref` and `allOf` resolved, and where it stands. */
export interface Resolved {
  schema: JsonObject
  /** How much there is to compare in it. */
  size: number
  pointer: string
  document: unknown
}

/** A reference that does not lead to a schema in the same document. */
export class ReferenceFault extends Error {
  readonly pointer: string
  constructor(pointer: string, message: string) {
    super(message)
    this.name = 'ReferenceFault'
    this.pointer = pointer
  }
}

/** Tells whether the value is a map. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const referencesMax = 100
const partsMax = 200

/** Returns what a local `$ref` chain leads to; the value itself when it is no reference. */
export function follow(document: unknown, value: unknown, pointer: string): { value: unknown; pointer: string } {
  let at = { value, pointer }
  for (let count = 0; isObject(at.value) && typeof at.value['$ref'] === 'string'; count += 1) {
    const reference = at.value['$ref']
    if (count > referencesMax) {
      throw new ReferenceFault(at.pointer, `${reference} leads to itself`)
    }
    if (reference !== '#' && !reference.startsWith('#/')) {
      throw new ReferenceFault(at.pointer, `${reference} is not in this document`)
    }
    at = { value: valueAt(document, reference.slice(1), at.pointer), pointer: reference.slice(1) }
  }
  return at
}

function valueAt(document: unknown, reference: string, pointer: string): unknown {
  let value = document
  for (const part of reference.split('/').slice(1)) {
    const name = decodePart(part, reference, pointer)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      throw new ReferenceFault(pointer, `#${reference} leads nowhere`)
    }
    value = (value as JsonObject)[name]
  }
  return value
}

function decodePart(part: string, reference: string, pointer: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    // decodeURIComponent throws for a lone % and for bytes that are not UTF-8.
    throw new ReferenceFault(pointer, `#${reference} is not a JSON pointer in a URI`)
  }
}

/** How much may still be done about two documents; shared by all of their parts. */
export interface Work {
  left: number
}

/** Returns the schema at a place in its one form: no `$ref`, no `allOf`, `type` a list, bounds as in 2020-12. */
export function resolveSchema(document: unknown, raw: unknown, pointer: string, work: Work): Resolved {
  const schema = flatten(document, raw, pointer, { parts: partsMax, work })
  return { schema, size: sizeOf(schema), pointer, document }
}

function sizeOf(schema: JsonObject): number {
  return Object.values(schema).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 1),
    1,
  )
}

interface Limits {
  /** How many parts one schema may still be made of. */
  parts: number
  work: Work
}

function flatten(document: unknown, raw: unknown, pointer: string, limits: Limits): JsonObject {
  limits.parts -= 1
  if (limits.parts < 0 || limits.work.left < 0) {
    throw new ReferenceFault(pointer, 'the schema is made of too many parts, or contains itself')
  }
  if (raw === true || raw === undefined) {
    return {}
  }
  if (raw === false) {
    return { not: {} }
  }
  if (!isObject(raw)) {
    throw new ReferenceFault(pointer, 'a schema is a map, true or false')
  }
  const { $ref, allOf, ...own } = raw
  let merged = normalise(own)
  const join = (left: JsonObject, right: JsonObject): JsonObject => {
    const joined = merge(left, right)
    limits.work.left -= sizeOf(joined)
    return joined
  }
  if (typeof $ref === 'string') {
    const target = follow(document, { $ref }, pointer)
    merged = join(flatten(document, target.value, target.pointer, limits), merged)
  }
  for (const [index, part] of (Array.isArray(allOf) ? allOf : []).entries()) {
    merged = join(merged, flatten(document, part, below(pointer, 'allOf', index), limits))
  }
  return merged
}

const annotations = new Set([
  '$schema',
  '$id',
  '$comment',
  '$anchor',
  '$defs',
  'definitions',
  'title',
  'description',
  'example',
  'examples',
  'deprecated',
  'externalDocs',
  'xml',
  'discriminator',
])

function normalise(raw: JsonObject): JsonObject {
  const schema = Object.fromEntries(
    Object.entries(raw).filter(([keyword]) => !annotations.has(keyword) && !keyword.startsWith('x-')),
  )
  if (typeof schema['type'] === 'string') {
    schema['type'] = [schema['type']]
  }
  if (schema['nullable'] === true && Array.isArray(schema['type'])) {
    schema['type'] = [...schema['type'], 'null']
  }
  delete schema['nullable']
  if ('const' in schema && !('enum' in schema)) {
    schema['enum'] = [schema['const']]
    delete schema['const']
  }
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    // Draft 4 and OpenAPI 3.0 say `exclusiveMinimum: true` beside the bound.
    const isExclusive = schema[exclusive]
    if (typeof isExclusive === 'boolean') {
      delete schema[exclusive]
      if (isExclusive && schema[bound] !== undefined) {
        schema[exclusive] = schema[bound]
        delete schema[bound]
      }
    }
  }
  return schema
}

const lowest = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'])
const highest = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'])

/** Returns a schema that takes what both take. What cannot be joined is kept side by side under `allOf`. */
function merge(left: JsonObject, right: JsonObject): JsonObject {
  const merged: JsonObject = { ...left }
  for (const [keyword, value] of Object.entries(right)) {
    const other = merged[keyword]
    if (other === undefined || isDeepStrictEqual(other, value)) {
      merged[keyword] = value
    } else if (keyword === 'required' || keyword === 'allOf') {
      merged[keyword] = [...new Set([...(other as unknown[]), ...(value as unknown[])])]
    } else if (keyword === 'properties') {
      merged[keyword] = mergeProperties(other as JsonObject, value as JsonObject)
    } else if (keyword === 'type' || keyword === 'enum') {
      merged[keyword] = (other as unknown[]).filter((each) =>
        (value as unknown[]).some((every) => isDeepStrictEqual(each, every)),
      )
    } else if (lowest.has(keyword)) {
      merged[keyword] = Math.min(other as number, value as number)
    } else if (highest.has(keyword)) {
      merged[keyword] = Math.max(other as number, value as number)
    } else if (keyword === 'additionalProperties' && (other === true || value === false)) {
      merged[keyword] = value
    } else if (keyword === 'additionalProperties' && (value === true || other === false)) {
      merged[keyword] = other
    } else if (['default', 'readOnly', 'writeOnly'].includes(keyword)) {
      merged[keyword] = value
    } else {
      merged['unjoined'] = [...((merged['unjoined'] as unknown[]) ?? []), { [keyword]: value }]
    }
  }
  return merged
}

function mergeProperties(left: JsonObject, right: JsonObject): JsonObject {
  const merged: JsonObject = { ...left }
  for (const [name, schema] of Object.entries(right)) {
    merged[name] = Object.hasOwn(left, name) ? { allOf: [left[name], schema] } : schema
  }
  return merged
}
