import { isDeepStrictEqual } from 'node:util'
import type { Operation } from './compare-open-api.ts'
import { compareSchemas, type Direction, type Session } from './compare-schemas.ts'
import { below, type Finding } from './finding.ts'
import { follow, isObject, type JsonObject } from './resolve-schema.ts'

const request: Direction = { kind: 'newReads', absent: 'readOnly' }
const response: Direction = { kind: 'newWrites', absent: 'writeOnly' }

/** Returns what breaks between an operation and its successor under the same method and path. */
export function compareOperations(before: Operation, after: Operation, session: Session): Finding[] {
  return [
    ...compareParameters(before, after, session),
    ...compareRequestBodies(before, after, session),
    ...compareResponses(before, after, session),
    ...compareSecurity(before, after),
  ]
}

function compareParameters(before: Operation, after: Operation, session: Session): Finding[] {
  const earlier = parametersByPlace(before)
  const later = parametersByPlace(after)
  const findings: Finding[] = []
  for (const [key, { parameter, pointer }] of later) {
    const old = earlier.get(key)
    const isRequired = parameter['required'] === true
    if (old === undefined) {
      if (isRequired && parameter['in'] !== 'path') {
        const why = `the ${key} is required now: requests without it are refused`
        findings.push({ pointer, rule: 'required-parameter-added', severity: 'breaking', why })
      }
      continue
    }
    if (isRequired && old.parameter['required'] !== true) {
      const why = `the ${key} was optional: requests without it are refused`
      findings.push({ pointer: below(pointer, 'required'), rule: 'parameter-required', severity: 'breaking', why })
    }
    findings.push(...compareStyle(key, old.parameter, parameter, pointer))
    findings.push(
      ...compareSchemas(
        { document: before.document, ...schemaOf(old.parameter, old.pointer) },
        { document: after.document, ...schemaOf(parameter, pointer) },
        request,
        session,
      ),
    )
  }
  for (const [key, { pointer }] of earlier) {
    if (!later.has(key)) {
      const why = `the ${key} is not read any more: what callers ask for with it is passed over`
      findings.push({ pointer, rule: 'parameter-removed', severity: 'risky', why })
    }
  }
  return findings
}

/** A parameter in the path is the same one under another name: callers never see its name. */
function parametersByPlace({ parameters, pathNames }: Operation): Map<string, Operation['parameters'][number]> {
  return new Map(
    parameters.map((each) => {
      const { in: place, name } = each.parameter
      const label = place === 'path' ? `#${pathNames.indexOf(String(name)) + 1}` : String(name)
      // Header names are the same in any case.
      return [`${place} parameter ${place === 'header' ? label.toLowerCase() : label}`, each]
    }),
  )
}

const defaultStyles: Record<string, string> = { query: 'form', cookie: 'form', path: 'simple', header: 'simple' }

function compareStyle(key: string, old: JsonObject, parameter: JsonObject, pointer: string): Finding[] {
  const written = (from: JsonObject) => {
    const style = from['style'] ?? defaultStyles[String(from['in'])]
    return { style, explode: from['explode'] ?? style === 'form' }
  }
  return isDeepStrictEqual(written(old), written(parameter))
    ? []
    : [
        {
          pointer,
          rule: 'parameter-style-changed',
          severity: 'breaking',
          why: `the ${key} is written in another way now: what callers send is read as something else`,
        },
      ]
}

/** Returns the schema of a parameter or a header, which may stand under `content` too. */
function schemaOf(parameter: JsonObject, pointer: string): { schema: unknown; pointer: string } {
  const content = isObject(parameter['content']) ? Object.entries(parameter['content'])[0] : undefined
  return content !== undefined && isObject(content[1])
    ? { schema: content[1]['schema'] ?? {}, pointer: below(pointer, 'content', content[0], 'schema') }
    : { schema: parameter['schema'] ?? {}, pointer: below(pointer, 'schema') }
}

function compareRequestBodies(before: Operation, after: Operation, session: Session): Finding[] {
  const old = bodyOf(before)
  const body = bodyOf(after)
  const isRequired = body?.value['required'] === true
  if (body === undefined || old === undefined) {
    if (body !== undefined && isRequired) {
      const why = 'a body is required now: requests without one are refused'
      return [{ pointer: body.pointer, rule: 'request-body-added', severity: 'breaking', why }]
    }
    return old === undefined || body !== undefined
      ? []
      : [
          {
            pointer: old.pointer,
            rule: 'request-body-removed',
            severity: 'breaking',
            why: 'no body is read any more: what callers send is passed over or refused',
          },
        ]
  }
  const findings = compareContents(before, after, { old, part: body }, request, session)
  if (isRequired && old.value['required'] !== true) {
    const pointer = below(body.pointer, 'required')
    const why = 'the body was optional: requests without one are refused'
    findings.push({ pointer, rule: 'request-body-required', severity: 'breaking', why })
  }
  return findings
}

interface Part {
  value: JsonObject
  pointer: string
}

function bodyOf({ document, operation, pointer }: Operation): Part | undefined {
  const body = follow(document, operation['requestBody'], below(pointer, 'requestBody'))
  return isObject(body.value) ? { value: body.value, pointer: body.pointer } : undefined
}

/** Compares what stands under each media type. */
function compareContents(
  before: Operation,
  after: Operation,
  { old, part }: { old: Part; part: Part },
  direction: Direction,
  session: Session,
): Finding[] {
  const later = contentOf(part)
  return [...contentOf(old)].flatMap(([mediaType, earlier]): Finding[] => {
    const current = later.get(mediaType)
    if (current === undefined) {
      const why =
        direction.kind === 'newReads'
          ? `${mediaType} is not taken any more: requests in it are refused with 415`
          : `${mediaType} is not answered any more: callers that read it get something else`
      return [{ pointer: earlier.pointer, rule: 'media-type-removed', severity: 'breaking', why }]
    }
    return compareSchemas(
      { document: before.document, schema: earlier.value['schema'], pointer: below(earlier.pointer, 'schema') },
      { document: after.document, schema: current.value['schema'], pointer: below(current.pointer, 'schema') },
      direction,
      session,
    )
  })
}

function contentOf({ value, pointer }: Part): Map<string, Part> {
  const content = isObject(value['content']) ? value['content'] : {}
  return new Map(
    Object.entries(content).map(([mediaType, media]) => [
      mediaType.toLowerCase().replace(/\s/g, ''),
      { value: isObject(media) ? media : {}, pointer: below(pointer, 'content', mediaType) },
    ]),
  )
}

function compareResponses(before: Operation, after: Operation, session: Session): Finding[] {
  const later = responsesOf(after)
  return [...responsesOf(before)].flatMap(([status, old]): Finding[] => {
    const current = later.get(status) ?? later.get(`${status[0]}XX`) ?? later.get('default')
    if (current === undefined) {
      const isSuccess = status.startsWith('2')
      const why = `the status ${status} is not answered any more: callers that wait for it get another one`
      return [
        {
          pointer: old.pointer,
          rule: 'response-removed',
          severity: isSuccess ? 'breaking' : 'risky',
          why,
        },
      ]
    }
    return [
      ...compareContents(before, after, { old, part: current }, response, session),
      ...compareHeaders(before, after, { old, part: current }, session),
    ]
  })
}

function responsesOf({ document, operation, pointer }: Operation): Map<string, Part> {
  const responses = isObject(operation['responses']) ? operation['responses'] : {}
  return new Map(
    Object.entries(responses).flatMap(([status, raw]) => {
      const { value, pointer: at } = follow(document, raw, below(pointer, 'responses', status))
      return isObject(value) ? [[status.toUpperCase().replace('DEFAULT', 'default'), { value, pointer: at }]] : []
    }),
  )
}

function compareHeaders(
  before: Operation,
  after: Operation,
  { old, part }: { old: Part; part: Part },
  session: Session,
): Finding[] {
  const later = headersOf(after.document, part)
  return [...headersOf(before.document, old)].flatMap(([name, earlier]): Finding[] => {
    const current = later.get(name)
    const wasRequired = earlier.value['required'] === true
    if (current === undefined) {
      const why = `the header ${name} is not sent any more: callers that read it may fail`
      const severity = wasRequired ? 'breaking' : 'risky'
      return [{ pointer: earlier.pointer, rule: 'response-header-removed', severity, why }]
    }
    const loosened: Finding[] =
      wasRequired && current.value['required'] !== true
        ? [
            {
              pointer: current.pointer,
              rule: 'response-header-loosened',
              severity: 'breaking',
              why: `the header ${name} may be absent now: callers that rely on it may fail`,
            },
          ]
        : []
    return [
      ...loosened,
      ...compareSchemas(
        { document: before.document, ...schemaOf(earlier.value, earlier.pointer) },
        { document: after.document, ...schemaOf(current.value, current.pointer) },
        response,
        session,
      ),
    ]
  })
}

function headersOf(document: JsonObject, { value, pointer }: Part): Map<string, Part> {
  const headers = isObject(value['headers']) ? value['headers'] : {}
  return new Map(
    Object.entries(headers).flatMap(([name, raw]) => {
      const header = follow(document, raw, below(pointer, 'headers', name))
      return isObject(header.value) ? [[name.toLowerCase(), { value: header.value, pointer: header.pointer }]] : []
    }),
  )
}

/** Each way in that was enough has to be enough still. */
function compareSecurity(before: Operation, after: Operation): Finding[] {
  const earlier = securityOf(before)
  const later = securityOf(after)
  const isEnough = (given: JsonObject) =>
    later.some((wanted) =>
      Object.entries(wanted).every(([scheme, scopes]) => {
        const held = given[scheme]
        return Array.isArray(held) && Array.isArray(scopes) && scopes.every((scope) => held.includes(scope))
      }),
    )
  return earlier
    .filter((given) => !isEnough(given))
    .map((given) => {
      const schemes = Object.keys(given)
      const why = `${schemes.length === 0 ? 'no credentials' : schemes.join(' with ')} was enough and is not any more`
      return { pointer: below(after.pointer, 'security'), rule: 'security-narrowed', severity: 'breaking', why }
    })
}

function securityOf({ operation, document }: Operation): JsonObject[] {
  const listed = operation['security'] ?? document['security']
  return Array.isArray(listed) && listed.length > 0 ? listed.filter(isObject) : [{}]
}
