// The parts of a request by the schemas of its route. What arrives as text (path, query) becomes what the schema wants
// before it is checked, so that contracts say z.int() and clients send numbers.

import { baseProblems, type ProblemDetail, type Route } from '@freehold/contracts-base'
import type { z } from 'zod'
import { Problem } from '../problem.ts'
import { isUnstorable } from './json-body.ts'

type Part = 'params' | 'query' | 'body'

/** Returns a function that gives the checked parts of a request. It throws a Problem that names every fault. */
export function createPartsReader(route: Route): (raw: Record<Part, unknown>) => Record<Part, unknown> {
  const parts = (['params', 'query', 'body'] as const).filter((part) => route[part] !== undefined)
  const fromText = { params: createTextReader(route.params), query: createTextReader(route.query), body: undefined }
  return (raw) => {
    const checked: Record<Part, unknown> = { params: undefined, query: undefined, body: undefined }
    const errors: ProblemDetail[] = []
    for (const part of parts) {
      const given = fromText[part]?.(raw[part] as Record<string, unknown>) ?? raw[part]
      const result = (route[part] as z.ZodType).safeParse(given)
      if (result.success) {
        checked[part] = result.data
      } else {
        errors.push(...result.error.issues.flatMap((issue) => toDetails(part, issue)))
      }
    }
    if (errors.length > 0) {
      throw new Problem(baseProblems.requestInvalid, { detail: summaryOf(errors), errors: errors.slice(0, 50) })
    }
    return checked
  }
}

function summaryOf(errors: ProblemDetail[]): string {
  const [first] = errors
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : ''
  return `${first?.pointer}: ${first?.detail}${more}`
}

function toDetails(part: Part, issue: z.core.$ZodIssue): ProblemDetail[] {
  const path = [part, ...issue.path]
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ pointer: toPointer([...path, key]), detail: 'is not known here' }))
    : [{ pointer: toPointer(path), detail: issue.message }]
}

function toPointer(steps: PropertyKey[]): string {
  // A name may be as long as the body; nobody needs all of it to find it again.
  return steps.map((step) => `/${String(step).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** Returns a function that gives an object of texts as the schema wants its members. */
function createTextReader(
  schema: z.ZodObject | undefined,
): (texts: Record<string, unknown>) => Record<string, unknown> {
  const readers = new Map(
    Object.entries(schema?.shape ?? {}).map(([name, member]) => [name, createMemberReader(member)]),
  )
  return (texts) => {
    const entries = Object.entries(texts).map(([name, text]) => {
      refuseUnstorable(name, text)
      return [name, readers.get(name)?.(text) ?? text]
    })
    return Object.fromEntries(entries)
  }
}

function refuseUnstorable(name: string, text: unknown): void {
  if (isUnstorable(name) || [text].flat().some((each) => isUnstorable(String(each)))) {
    throw new Problem(baseProblems.requestMalformed, { detail: 'The URL holds a NUL character or is not UTF-8.' })
  }
}

function createMemberReader(member: z.core.$ZodType): (text: unknown) => unknown {
  const inner = unwrap(member)
  const { type } = inner._zod.def
  if (type === 'array') {
    const readItem = createMemberReader((inner as z.ZodArray)._zod.def.element)
    return (text) => [text].flat().map(readItem)
  }
  if (type === 'number' || type === 'int') {
    return (text) => (typeof text === 'string' && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text)
  }
  if (type === 'boolean') {
    return (text) => (text === 'true' ? true : text === 'false' ? false : text)
  }
  return (text) => text
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod
  const isWrapper = ['optional', 'default', 'prefault', 'nullable', 'readonly', 'catch'].includes(def.type)
  return isWrapper ? unwrap((def as z.core.$ZodOptionalDef).innerType) : schema
}
