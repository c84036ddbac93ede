// The keywords that bound one value: type, enum, format, lengths, numbers. Each rule of the reader has to be promised by
// the writer.

import { isDeepStrictEqual } from 'node:util'
import { canonical } from '../configuration/check-value.ts'
import type { Direction } from './compare-schemas.ts'
import { below, type Finding } from './finding.ts'
import type { JsonObject } from './resolve-schema.ts'

const upperBounds = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const
const lowerBounds = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const

/** Keywords that `compareSchemas` and this file take apart; any other has to be the same on both sides. */
const understood = new Set<string>([
  ...upperBounds,
  ...lowerBounds,
  'type',
  'enum',
  'format',
  'pattern',
  'multipleOf',
  'uniqueItems',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'oneOf',
  'default',
  'readOnly',
  'writeOnly',
])

/** Returns what the writer may send by these keywords and the reader refuses. */
export function compareRules(writer: JsonObject, reader: JsonObject, pointer: string, direction: Direction): Finding[] {
  const found: [keyword: string, rule: string, what: string][] = [
    ...compareTypes(writer, reader),
    ...compareEnums(writer, reader),
    ...compareBounds(writer, reader),
    ...compareExact(writer, reader),
    ...compareUnknown(writer, reader),
  ]
  const who =
    direction.kind === 'newReads'
      ? 'those who send by the earlier contract are refused'
      : 'those who read by the earlier contract may fail'
  const findings = found.map(
    ([keyword, rule, what]): Finding => ({
      pointer: below(pointer, keyword),
      rule,
      severity: 'breaking',
      why: `${what}: ${who}`,
    }),
  )
  return [...findings, ...compareDefaults(writer, reader, pointer, direction)]
}

type Found = [keyword: string, rule: string, what: string][]

function compareTypes(writer: JsonObject, reader: JsonObject): Found {
  const readable = reader['type']
  if (!Array.isArray(readable)) {
    return []
  }
  const written = typesOf(writer)
  if (written === undefined) {
    return [['type', 'type-narrowed', `any type may be sent where only ${readable.join(' or ')} is taken`]]
  }
  const refused = written.filter(
    (type) => !readable.includes(type) && !(type === 'integer' && readable.includes('number')),
  )
  return refused.length === 0
    ? []
    : [['type', 'type-changed', `${refused.join(' or ')} may be sent where only ${readable.join(' or ')} is taken`]]
}

/** Returns the types that a schema allows, by `type` or else by the values that it lists. */
function typesOf(schema: JsonObject): string[] | undefined {
  if (Array.isArray(schema['type'])) {
    return schema['type'].map(String)
  }
  if (!Array.isArray(schema['enum'])) {
    return undefined
  }
  return [...new Set(schema['enum'].map(typeOf))]
}

function typeOf(value: unknown): string {
  if (value === null) {
    return 'null'
  }
  return Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value
}

function compareEnums(writer: JsonObject, reader: JsonObject): Found {
  const readable = reader['enum']
  const written = writer['enum']
  if (!Array.isArray(readable)) {
    return []
  }
  if (!Array.isArray(written)) {
    return [['enum', 'enum-not-promised', 'other values than those listed may be sent']]
  }
  const known = new Set(readable.map(canonical))
  const refused = written.filter((value) => !known.has(canonical(value)))
  return refused.map((value) => [
    'enum',
    'enum-value-not-taken',
    `${JSON.stringify(value)} may be sent and is not listed`,
  ])
}

function compareBounds(writer: JsonObject, reader: JsonObject): Found {
  const found: Found = []
  for (const keyword of upperBounds) {
    const bound = reader[keyword]
    const promised = bestBound(writer, keyword, 'aximum', Math.min)
    if (typeof bound === 'number' && !(promised !== undefined && promised <= bound)) {
      found.push([keyword, 'bound-exceeded', `${promised ?? 'anything'} may be sent where ${keyword} is ${bound}`])
    }
  }
  for (const keyword of lowerBounds) {
    const bound = reader[keyword]
    const promised = bestBound(writer, keyword, 'inimum', Math.max)
    const isEmpty = keyword !== 'minimum' && keyword !== 'exclusiveMinimum' && bound === 0
    if (typeof bound === 'number' && !isEmpty && !(promised !== undefined && promised >= bound)) {
      found.push([keyword, 'bound-exceeded', `${promised ?? 'anything'} may be sent where ${keyword} is ${bound}`])
    }
  }
  return found
}

/** Returns the bound that the writer promises; an exclusive one also bounds inclusively, but not the other way round. */
function bestBound(
  writer: JsonObject,
  keyword: string,
  numeric: string,
  tighter: (...bounds: number[]) => number,
): number | undefined {
  const exclusive = `exclusive${numeric === 'aximum' ? 'Maximum' : 'Minimum'}`
  const names = keyword.endsWith(numeric) && keyword !== exclusive ? [keyword, exclusive] : [keyword]
  const bounds = names.map((name) => writer[name]).filter((bound) => typeof bound === 'number')
  return bounds.length === 0 ? undefined : tighter(...bounds)
}

function compareExact(writer: JsonObject, reader: JsonObject): Found {
  const found: Found = []
  if (reader['pattern'] !== undefined && reader['pattern'] !== writer['pattern'] && !isListed(writer)) {
    found.push(['pattern', 'pattern-changed', 'text may be sent that the pattern was not made for'])
  }
  if (reader['format'] !== undefined && !promisesFormat(writer, reader['format'])) {
    found.push(['format', 'format-narrowed', `other formats than ${reader['format']} may be sent`])
  }
  const divisor = reader['multipleOf']
  const promised = writer['multipleOf']
  if (typeof divisor === 'number' && !(typeof promised === 'number' && Number.isInteger(promised / divisor))) {
    found.push(['multipleOf', 'multiple-narrowed', `numbers may be sent that are no multiple of ${divisor}`])
  }
  if (reader['uniqueItems'] === true && writer['uniqueItems'] !== true) {
    found.push(['uniqueItems', 'items-must-be-unique', 'an item may be sent twice'])
  }
  return found
}

/** Narrow number formats within wide ones; every other format only within itself. */
function promisesFormat(writer: JsonObject, format: unknown): boolean {
  const written = writer['format']
  return (
    written === format ||
    (format === 'int64' && written === 'int32') ||
    (format === 'double' && written === 'float') ||
    isListed(writer)
  )
}

function isListed(schema: JsonObject): boolean {
  return Array.isArray(schema['enum'])
}

/** What is not understood has to stay as it is. */
function compareUnknown(writer: JsonObject, reader: JsonObject): Found {
  const keywords = new Set([...Object.keys(writer), ...Object.keys(reader)])
  return [...keywords]
    .filter((keyword) => !understood.has(keyword) && !isDeepStrictEqual(writer[keyword], reader[keyword]))
    .filter((keyword) => reader[keyword] !== undefined || keyword === 'unjoined')
    .map((keyword) => [keyword, 'keyword-changed', `${keyword} changed in a way that cannot be judged`])
}

function compareDefaults(writer: JsonObject, reader: JsonObject, pointer: string, direction: Direction): Finding[] {
  if (direction.kind !== 'newReads' || writer['default'] === undefined) {
    return []
  }
  if (isDeepStrictEqual(writer['default'], reader['default'])) {
    return []
  }
  const why = 'what is left out means something else now: those who leave it out get another result'
  return [{ pointer: below(pointer, 'default'), rule: 'default-changed', severity: 'risky', why }]
}
