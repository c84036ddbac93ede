// Finds what a writer may send and a reader refuses. Both sides of compatibility are this one question: for a request
// the clients of the earlier contract write and the new service reads; for a response the new service writes and the
// earlier clients read.
//
// A writer is taken to send what its schema declares and no more. What is not understood is not taken for compatible.

import { isDeepStrictEqual } from 'node:util'
import { compareRules } from './compare-rules.ts'
import { below, type Finding } from './finding.ts'
import {
  follow,
  isObject,
  type JsonObject,
  ReferenceFault,
  type Resolved,
  resolveSchema,
  type Work,
} from './resolve-schema.ts'

/** Who writes and who reads what the schema describes. */
export interface Direction {
  /** `newReads`: the earlier side writes. `newWrites`: the earlier side reads. */
  kind: 'newReads' | 'newWrites'
  /** Properties that are not there in this direction: `readOnly` in requests, `writeOnly` in responses. */
  absent?: 'readOnly' | 'writeOnly'
}

/** A schema in its document. */
export interface Placed {
  document: unknown
  schema: unknown
  pointer: string
}

const depthMax = 60
/** Keywords, properties and values looked at: about a second's work. A contract of half a megabyte needs a fifth of it. */
const workMax = 500_000

/** What is known already of two documents, each of whose parts many operations may use. */
export interface Session {
  work: Work
  /** Schemas in the form that is compared. */
  resolved: WeakMap<object, Resolved>
  /** What was found between two parts, by direction. */
  found: Map<string, WeakMap<object, WeakMap<object, Finding[]>>>
}

/** Returns the session of two documents that nothing is known of. */
export function openSession(): Session {
  return { work: { left: workMax }, resolved: new WeakMap(), found: new Map() }
}

interface Comparison {
  direction: Direction
  /** Pairs of schemas that are being compared further up, so that a schema that contains itself ends. */
  open: Map<unknown, Set<unknown>>
  session: Session
  found: WeakMap<object, WeakMap<object, Finding[]>>
}

/** Returns what breaks between the earlier schema and the new one, in the direction given. */
export function compareSchemas(
  earlier: Placed,
  later: Placed,
  direction: Direction,
  session: Session = openSession(),
): Finding[] {
  const key = `${direction.kind} ${direction.absent}`
  const found = session.found.get(key) ?? new WeakMap()
  session.found.set(key, found)
  const comparison = { direction, open: new Map(), session, found }
  return direction.kind === 'newReads' ? compare(earlier, later, comparison, 0) : compare(later, earlier, comparison, 0)
}

/** Returns the place in the new contract, wherever it writes or reads. */
function newPointer(writer: string, reader: string, { direction }: Comparison): string {
  return direction.kind === 'newReads' ? reader : writer
}

function compare(from: Placed, to: Placed, comparison: Comparison, depth: number): Finding[] {
  try {
    return compareLanded(land(from), land(to), comparison, depth)
  } catch (error) {
    if (error instanceof ReferenceFault) {
      return [{ pointer: error.pointer, rule: 'reference-unresolved', severity: 'breaking', why: error.message }]
    }
    throw error
  }
}

/** Returns the schema that a plain reference leads to, so that what is found is placed where it is written. */
function land(placed: Placed): Placed {
  const { document, schema, pointer } = placed
  if (!isObject(schema) || Object.keys(schema).length !== 1 || schema['$ref'] === undefined) {
    return placed
  }
  const target = follow(document, schema, pointer)
  return { document, schema: target.value, pointer: target.pointer }
}

function compareLanded(writer: Placed, reader: Placed, comparison: Comparison, depth: number): Finding[] {
  const { open, session, found } = comparison
  const pointer = newPointer(writer.pointer, reader.pointer, comparison)
  if (depth > depthMax || session.work.left < 0) {
    return [{ pointer, rule: 'too-large', severity: 'breaking', why: 'the schema is too large or too deep to compare' }]
  }
  const partners = open.get(writer.schema)
  if (!isObject(writer.schema) || !isObject(reader.schema)) {
    return compareResolved(resolved(writer, session), resolved(reader, session), comparison, depth)
  }
  if (partners?.has(reader.schema) === true) {
    return []
  }
  const before = found.get(writer.schema)?.get(reader.schema)
  if (before !== undefined) {
    return before
  }
  open.set(writer.schema, new Set([...(partners ?? []), reader.schema]))
  try {
    const findings = compareResolved(resolved(writer, session), resolved(reader, session), comparison, depth)
    const known = found.get(writer.schema) ?? new WeakMap()
    found.set(writer.schema, known.set(reader.schema, findings))
    return findings
  } finally {
    if (partners === undefined) {
      open.delete(writer.schema)
    } else {
      open.set(writer.schema, partners)
    }
  }
}

function resolved({ document, schema, pointer }: Placed, { resolved: known, work }: Session): Resolved {
  const before = isObject(schema) ? known.get(schema) : undefined
  if (before !== undefined && before.document === document) {
    return before
  }
  const form = resolveSchema(document, schema, pointer, work)
  if (isObject(schema)) {
    known.set(schema, form)
  }
  return form
}

function compareResolved(writer: Resolved, reader: Resolved, comparison: Comparison, depth: number): Finding[] {
  if (writer.document === reader.document && isDeepStrictEqual(writer.schema, reader.schema)) {
    return []
  }
  comparison.session.work.left -= writer.size + reader.size
  const choices = compareChoices(writer, reader, comparison, depth)
  if (choices !== undefined) {
    return choices
  }
  const pointer = newPointer(writer.pointer, reader.pointer, comparison)
  return [
    ...compareRules(writer.schema, reader.schema, pointer, comparison.direction),
    ...compareProperties(writer, reader, comparison, depth),
    ...compareItems(writer, reader, comparison, depth),
  ]
}

/** Compares `anyOf` and `oneOf`: each alternative that may be written needs one that takes it. */
function compareChoices(
  writer: Resolved,
  reader: Resolved,
  comparison: Comparison,
  depth: number,
): Finding[] | undefined {
  const written = alternatives(writer)
  const readable = alternatives(reader)
  if (written.length === 1 && readable.length === 1) {
    return undefined
  }
  return written.flatMap((each) => {
    const attempts = readable.map((other) => compare(each, other, comparison, depth + 1))
    const breaking = attempts.map((found) => found.filter(({ severity }) => severity === 'breaking').length)
    const best = breaking.indexOf(Math.min(...breaking))
    const closest = attempts[best] ?? []
    if ((breaking[best] ?? 0) === 0 || written.length === readable.length || attempts.length === 1) {
      return closest
    }
    const { pointer } = each
    const why = because(comparison.direction, 'an alternative may be sent that no alternative on the other side takes')
    return [{ pointer, rule: 'alternative-not-taken', severity: 'breaking', why }]
  })
}

/** Returns the alternatives of a schema, each joined with what stands beside `anyOf` or `oneOf`. */
function alternatives({ schema, pointer, document }: Resolved): Placed[] {
  const keyword = Array.isArray(schema['oneOf']) ? 'oneOf' : 'anyOf'
  const listed = schema[keyword]
  if (!Array.isArray(listed)) {
    return [{ document, schema, pointer }]
  }
  const { [keyword]: _, ...beside } = schema
  return listed.map((each, index) => ({
    document,
    schema: Object.keys(beside).length === 0 ? each : { allOf: [beside, each] },
    pointer: below(pointer, keyword, index),
  }))
}

function compareProperties(writer: Resolved, reader: Resolved, comparison: Comparison, depth: number): Finding[] {
  const written = propertiesOf(writer.schema, comparison.direction)
  const readable = propertiesOf(reader.schema, comparison.direction)
  const required = { writer: requiredOf(writer.schema, written), reader: requiredOf(reader.schema, readable) }
  const findings: Finding[] = []
  for (const name of new Set([...written.keys(), ...readable.keys(), ...required.reader])) {
    const places = {
      writer: below(writer.pointer, 'properties', name),
      reader: below(reader.pointer, 'properties', name),
    }
    const isWritten = written.has(name)
    if (required.reader.has(name) && !required.writer.has(name)) {
      findings.push(missing(name, places, isWritten, comparison))
    } else if (!isWritten && readable.has(name) && comparison.direction.kind === 'newWrites') {
      const why = because(comparison.direction, `the optional property ${name} is never there any more`)
      findings.push({ pointer: places.reader, rule: 'property-removed', severity: 'risky', why })
    }
    if (!isWritten) {
      continue
    }
    const taker = readable.has(name) ? readable.get(name) : reader.schema['additionalProperties']
    if (!readable.has(name) && taker === false) {
      const why = because(comparison.direction, `the property ${name} may be sent and is refused`)
      findings.push({ pointer: places.writer, rule: 'property-not-taken', severity: 'breaking', why })
    } else if (!readable.has(name) && comparison.direction.kind === 'newReads') {
      const why = because(comparison.direction, `the property ${name} is not read any more`)
      findings.push({ pointer: places.writer, rule: 'property-removed', severity: 'risky', why })
    }
    if (readable.has(name) || isObject(taker)) {
      findings.push(
        ...compare(
          { document: writer.document, schema: written.get(name), pointer: places.writer },
          { document: reader.document, schema: taker, pointer: places.reader },
          comparison,
          depth + 1,
        ),
      )
    }
  }
  return [...findings, ...compareOthers(writer, reader, comparison, depth)]
}

function missing(
  name: string,
  places: { writer: string; reader: string },
  isWritten: boolean,
  comparison: Comparison,
): Finding {
  const { direction } = comparison
  if (direction.kind === 'newReads') {
    const why = because(direction, `the property ${name} is required now, and may be absent`)
    return { pointer: places.reader, rule: 'required-added', severity: 'breaking', why }
  }
  const why = because(direction, isWritten ? `the property ${name} may be absent now` : `the property ${name} is gone`)
  return {
    pointer: isWritten ? places.writer : places.reader,
    rule: isWritten ? 'required-loosened' : 'required-removed',
    severity: 'breaking',
    why,
  }
}

/** Compares the properties that no name declares. */
function compareOthers(writer: Resolved, reader: Resolved, comparison: Comparison, depth: number): Finding[] {
  const written = writer.schema['additionalProperties']
  const readable = reader.schema['additionalProperties']
  const pointer = below(newPointer(writer.pointer, reader.pointer, comparison), 'additionalProperties')
  if (readable === false && (written === true || isObject(written))) {
    const why = because(comparison.direction, 'further properties may be sent and are refused')
    return [{ pointer, rule: 'additional-properties-refused', severity: 'breaking', why }]
  }
  if (readable === false && written === undefined && mayBeObject(writer.schema)) {
    const why = because(comparison.direction, 'further properties are refused now, which some may send')
    return comparison.direction.kind === 'newReads'
      ? [{ pointer, rule: 'additional-properties-refused', severity: 'breaking', why }]
      : []
  }
  if (isObject(readable) && written !== undefined && written !== false) {
    const places = (placed: Resolved, schema: unknown): Placed => ({
      document: placed.document,
      schema,
      pointer: below(placed.pointer, 'additionalProperties'),
    })
    return compare(places(writer, written), places(reader, readable), comparison, depth + 1)
  }
  return []
}

function compareItems(writer: Resolved, reader: Resolved, comparison: Comparison, depth: number): Finding[] {
  const items = reader.schema['items']
  if (items === undefined || Array.isArray(items) || Array.isArray(writer.schema['items'])) {
    return []
  }
  if (writer.schema['items'] === undefined && !mayBe(writer.schema, 'array')) {
    return []
  }
  return compare(
    { document: writer.document, schema: writer.schema['items'], pointer: below(writer.pointer, 'items') },
    { document: reader.document, schema: items, pointer: below(reader.pointer, 'items') },
    comparison,
    depth + 1,
  )
}

function propertiesOf(schema: JsonObject, { absent }: Direction): Map<string, unknown> {
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : []
  return new Map(properties.filter(([, each]) => !(absent !== undefined && isObject(each) && each[absent] === true)))
}

function requiredOf(schema: JsonObject, present: Map<string, unknown>): Set<string> {
  const declared = isObject(schema['properties']) ? schema['properties'] : {}
  const names = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  // A property that this direction leaves out is not required in it either.
  return new Set(names.filter((name) => present.has(name) || !Object.hasOwn(declared, name)))
}

function mayBe(schema: JsonObject, type: string): boolean {
  return !Array.isArray(schema['type']) || schema['type'].includes(type)
}

function mayBeObject(schema: JsonObject): boolean {
  return isObject(schema['properties']) && mayBe(schema, 'object')
}

/** Returns the sentence that says who is failed. */
export function because({ kind }: Direction, what: string): string {
  return kind === 'newReads'
    ? `${what}: those who send by the earlier contract are refused`
    : `${what}: those who read by the earlier contract may fail`
}
