import { reservedSections, strategyFileSchema } from '@freehold/contracts-catalog'
import type { z } from 'zod'
import type { ValueFault } from '../configuration/check-value.ts'

type JsonSchema = Record<string, unknown>

const fileSchema = strategyFileSchema()

/** Returns what an issue of the file's schema means to the one who wrote the file; one fault a key that is unknown. */
export function describeIssue(issue: z.core.$ZodIssue): ValueFault[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  const section = path.join('.')
  const reserved = Object.keys(reservedSections).find((name) => section === name || section.startsWith(`${name}.`))
  if (reserved !== undefined) {
    const house = reservedSections[reserved]
    const detail = `${reserved} is not carried out by this version (${house} will do so): leave the section empty`
    return issue.code === 'unrecognized_keys'
      ? issue.keys.slice(0, 1).map((key) => ({ path: [...path, key], detail }))
      : [{ path, detail }]
  }
  const name = path.length === 0 ? 'the file' : section
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], detail: describeUnknown(key, path) }))
    case 'invalid_type':
      return [{ path, detail: `${name} should be ${article(issue.expected)}${received(issue.message)}` }]
    case 'invalid_value':
      return [{ path, detail: `${name} should be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}` }]
    case 'invalid_key':
      return [{ path, detail: `${JSON.stringify(path.at(-1))} cannot be a name here: ${issue.issues[0]?.message}` }]
    case 'invalid_format':
    case 'custom':
      return [{ path, detail: `${name} should be ${issue.message}` }]
    default:
      return [{ path, detail: `${name}: ${issue.message}` }]
  }
}

function article(expected: string): string {
  const word = { record: 'a map', object: 'a map', int: 'a whole number', array: 'a list' }[expected] ?? `a ${expected}`
  return word
}

/** Returns the part of zod's sentence that says what was found instead. */
function received(message: string): string {
  const found = /received (\w+)$/.exec(message)?.[1]
  return found === undefined ? '' : `, not ${{ object: 'a map', array: 'a list', undefined: 'absent' }[found] ?? found}`
}

function describeUnknown(key: string, path: readonly (string | number)[]): string {
  const known = knownKeys(path)
  const nearest = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.max(2, Math.floor(candidate.length / 3)) || key.slice(0, 5) === candidate.slice(0, 5),
    )
    .sort((left, right) => left.distance - right.distance)[0]
  const meant =
    nearest === undefined ? `known here: ${known.slice(0, 30).join(', ')}` : `did you mean ${nearest.candidate}?`
  return `${key} is not known here; ${meant}`
}

/** Returns the keys that the published schema of the file knows at a path. */
function knownKeys(path: readonly (string | number)[]): string[] {
  let schemas: JsonSchema[] = branches(fileSchema)
  for (const part of path) {
    schemas = schemas.flatMap((schema) => {
      const properties = schema['properties'] as Record<string, JsonSchema> | undefined
      const next = typeof part === 'number' ? schema['items'] : (properties?.[part] ?? schema['additionalProperties'])
      return typeof next === 'object' && next !== null ? branches(next as JsonSchema) : []
    })
  }
  return schemas.flatMap((schema) => Object.keys((schema['properties'] as object | undefined) ?? {}))
}

function branches(schema: JsonSchema): JsonSchema[] {
  const reference = schema['$ref']
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? ''
    const definition = (fileSchema['definitions'] as Record<string, JsonSchema> | undefined)?.[name]
    return definition === undefined ? [] : branches(definition)
  }
  const alternatives = (schema['anyOf'] ?? schema['allOf']) as JsonSchema[] | undefined
  return alternatives?.flatMap(branches) ?? [schema]
}

/** Returns how many letters have to be put in, taken out or replaced to make one word of the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 20) {
    return Number.POSITIVE_INFINITY
  }
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
