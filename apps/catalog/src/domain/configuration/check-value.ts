// Checks values against the part of JSON Schema in which settings are declared. Messages name rules and never values,
// since a value may be a secret.

import { isDeepStrictEqual } from 'node:util'
import type { ValueSchema } from '@freehold/contracts-catalog'
import { z } from 'zod'
import { createPatternMatcher, type PatternMatcher } from './match-pattern.ts'

/** What is wrong with a value, and where in it. */
export interface ValueFault {
  path: (string | number)[]
  detail: string
}

type Rule = (value: never, schema: ValueSchema, matches: PatternMatcher) => string | undefined

const formats: Record<string, z.ZodType> = {
  date: z.iso.date(),
  'date-time': z.iso.datetime({ offset: true }),
  duration: z.iso.duration(),
  email: z.email(),
  hostname: z.hostname(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  time: z.iso.time(),
  uri: z.url(),
  uuid: z.guid(),
}

const numberRules: Rule[] = [
  (value: number, { minimum }) => (minimum !== undefined && value < minimum ? `is less than ${minimum}` : undefined),
  (value: number, { maximum }) => (maximum !== undefined && value > maximum ? `is more than ${maximum}` : undefined),
  (value: number, { exclusiveMinimum: bound }) =>
    bound !== undefined && value <= bound ? `is not more than ${bound}` : undefined,
  (value: number, { exclusiveMaximum: bound }) =>
    bound !== undefined && value >= bound ? `is not less than ${bound}` : undefined,
  (value: number, { multipleOf }) =>
    multipleOf !== undefined && !isMultiple(value, multipleOf) ? `is no multiple of ${multipleOf}` : undefined,
]

const stringRules: Rule[] = [
  (value: string, { minLength = 0 }) =>
    [...value].length < minLength ? `is shorter than ${minLength} characters` : undefined,
  (value: string, { maxLength = Number.POSITIVE_INFINITY }) =>
    [...value].length > maxLength ? `is longer than ${maxLength} characters` : undefined,
  (value: string, { format }) =>
    format !== undefined && formats[format]?.safeParse(value).success !== true
      ? `is not of the format ${format}`
      : undefined,
  (value: string, { pattern }, matches) => {
    const isMatch = pattern === undefined || matches(pattern, value)
    const fault = isMatch === undefined ? 'takes too long to compare with' : 'does not match'
    return isMatch === true ? undefined : `${fault} the pattern ${pattern}`
  },
]

const arrayRules: Rule[] = [
  (value: unknown[], { minItems = 0 }) => (value.length < minItems ? `has fewer than ${minItems} items` : undefined),
  (value: unknown[], { maxItems = Number.POSITIVE_INFINITY }) =>
    value.length > maxItems ? `has more than ${maxItems} items` : undefined,
  (value: unknown[], { uniqueItems }) =>
    uniqueItems === true && new Set(value.map((item) => canonical(item))).size < value.length
      ? 'has an item twice'
      : undefined,
]

const rulesByType: Record<ValueSchema['type'], Rule[]> = {
  string: stringRules,
  integer: numberRules,
  number: numberRules,
  boolean: [],
  array: arrayRules,
  object: [],
}

/** Returns every way in which the value breaks its schema; none when it keeps to it. */
export function checkValue(
  value: unknown,
  schema: ValueSchema,
  path: (string | number)[] = [],
  matches: PatternMatcher = createPatternMatcher(),
): ValueFault[] {
  if (!isOfType(value, schema.type)) {
    return [{ path, detail: `is not of the type ${schema.type}` }]
  }
  const faults: ValueFault[] = []
  if (schema.enum?.some((allowed) => isDeepStrictEqual(allowed, value)) === false) {
    faults.push({ path, detail: 'is none of the values that enum lists' })
  }
  if (schema.const !== undefined && !isDeepStrictEqual(schema.const, value)) {
    faults.push({ path, detail: 'is not the value that const names' })
  }
  for (const rule of rulesByType[schema.type]) {
    const detail = rule(value as never, schema, matches)
    if (detail !== undefined) {
      faults.push({ path, detail })
    }
  }
  const { items } = schema
  if (Array.isArray(value) && items !== undefined) {
    faults.push(...value.flatMap((item, index) => checkValue(item, items, [...path, index], matches)))
  }
  if (schema.type === 'object') {
    faults.push(...checkProperties(value as Record<string, unknown>, schema, path, matches))
  }
  return faults
}

function checkProperties(
  value: Record<string, unknown>,
  schema: ValueSchema,
  path: (string | number)[],
  matches: PatternMatcher,
): ValueFault[] {
  const properties = new Map(Object.entries(schema.properties ?? {}))
  const missing = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path, detail: `lacks the property ${name}` }))
  const wrong = Object.entries(value).flatMap(([name, part]) => {
    const declared = properties.get(name)
    if (declared !== undefined) {
      return checkValue(part, declared, [...path, name], matches)
    }
    return schema.additionalProperties === false ? [{ path: [...path, name], detail: 'is not declared' }] : []
  })
  return [...missing, ...wrong]
}

function isOfType(value: unknown, type: ValueSchema['type']): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    default:
      return typeof value === type
  }
}

function isMultiple(value: number, divisor: number): boolean {
  // 0.3 / 0.1 is 2.9999999999999996: compare with the nearest whole number, within what a double can tell.
  const quotient = value / divisor
  return Math.abs(quotient - Math.round(quotient)) <= Math.abs(quotient) * Number.EPSILON * 4
}

/** Returns text that is equal for equal JSON values, whatever the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonical(item)).join(',')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
    return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
