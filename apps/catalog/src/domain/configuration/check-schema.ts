// What the shape of a configuration's schema cannot say: rules that fit the type, patterns that compile, defaults that
// keep to their own schema.

import type { ConfigurationSchema, SettingSchema, ValueSchema } from '@freehold/contracts-catalog'
import { checkValue, type ValueFault } from './check-value.ts'
import { createPatternMatcher, type PatternMatcher, patternFault } from './match-pattern.ts'

const keywordsOf: Record<ValueSchema['type'], readonly string[]> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: [],
  array: ['items', 'minItems', 'maxItems', 'uniqueItems'],
  object: ['properties', 'required', 'additionalProperties'],
}
const typedKeywords = new Set(Object.values(keywordsOf).flat())

/** Returns what is wrong with the schema of a configuration, each with its path in the schema. */
export function checkConfigurationSchema(
  schema: ConfigurationSchema,
  matches: PatternMatcher = createPatternMatcher(),
): ValueFault[] {
  const properties = schema.properties ?? {}
  const unknown = (schema.required ?? []).flatMap((name, index) =>
    Object.hasOwn(properties, name) ? [] : [{ path: ['required', index], detail: `${name} is not among properties` }],
  )
  const settings = Object.entries(properties).flatMap(([name, setting]) => checkSetting(name, setting, matches))
  return [...unknown, ...settings]
}

function checkSetting(name: string, setting: SettingSchema, matches: PatternMatcher): ValueFault[] {
  const path = ['properties', name]
  const faults = checkValueSchema(setting, path, matches)
  if (setting.secret === true && setting.default !== undefined) {
    faults.push({
      path: [...path, 'default'],
      detail: 'a secret has no default: it would stand in the file for all to read',
    })
  }
  if (setting.secret === true && setting.type !== 'string') {
    faults.push({ path: [...path, 'type'], detail: 'a secret is a string' })
  }
  return faults
}

function checkValueSchema(schema: ValueSchema, path: (string | number)[], matches: PatternMatcher): ValueFault[] {
  const faults: ValueFault[] = Object.keys(schema)
    .filter((keyword) => typedKeywords.has(keyword) && !keywordsOf[schema.type].includes(keyword))
    .map((keyword) => ({ path: [...path, keyword], detail: `says nothing about a value of the type ${schema.type}` }))
  const fault = schema.pattern === undefined ? undefined : patternFault(schema.pattern)
  if (fault !== undefined) {
    return [...faults, { path: [...path, 'pattern'], detail: fault }]
  }
  if (schema.default !== undefined) {
    const wrong = checkValue(schema.default, schema, [...path, 'default'], matches)
    faults.push(...wrong)
  }
  if (schema.items !== undefined) {
    faults.push(...checkValueSchema(schema.items, [...path, 'items'], matches))
  }
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    faults.push(...checkValueSchema(part, [...path, 'properties', name], matches))
  }
  return faults
}
