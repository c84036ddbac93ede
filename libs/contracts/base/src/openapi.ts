// The OpenAPI 3.1 document of a route table: pure and deterministic, so that it can be committed and compared.

import { z } from 'zod'
import { gatherSchemas, type JsonSchema, type NamedSchemas } from './json-schema.ts'
import { baseProblems, type ProblemDefinition, ProblemDocument, problemMediaType } from './problems.ts'
import type { Access, Route } from './route.ts'

export interface OpenApiInfo {
  title: string
  version: string
  description?: string
}

export interface OpenApiDocument {
  openapi: string
  info: OpenApiInfo
  paths: Record<string, Record<string, OpenApiOperation>>
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, JsonSchema> }
}

export interface OpenApiOperation {
  operationId: string
  summary: string
  description?: string
  security: Record<string, string[]>[]
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: JsonSchema }[]
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: JsonSchema }> }>
  'x-freehold-access': Access
}

/** Returns the OpenAPI 3.1 document of the routes; the name of a route in the table is its operationId. */
export function toOpenApi(routes: Record<string, Route>, info: OpenApiInfo): OpenApiDocument {
  const schemas = gatherSchemas('#/components/schemas/')
  const paths: OpenApiDocument['paths'] = {}
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(name, route, schemas) }
  }
  return {
    openapi: '3.1.1',
    info,
    paths,
    components: {
      schemas: schemas.all(),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function toOperation(name: string, route: Route, schemas: NamedSchemas): OpenApiOperation {
  const parameters = [
    ...toParameters(route.params, 'path', schemas),
    ...toParameters(route.query, 'query', schemas),
    ...(route.resumesBy === undefined ? [] : [lastEventId]),
  ]
  return {
    operationId: name,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: route.access === 'public' ? [] : [{ token: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { 'application/json': { schema: schemas.add(route.body, 'input') } },
          },
        }),
    responses: { ...toSuccesses(route, schemas), ...toFailures(route, schemas) },
    'x-freehold-access': route.access,
  }
}

const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'In place of after, as clients send it that connect again by themselves',
  schema: { type: 'integer', minimum: 0 },
}

function toParameters(
  object: z.ZodObject | undefined,
  place: 'path' | 'query',
  schemas: NamedSchemas,
): NonNullable<OpenApiOperation['parameters']> {
  if (object === undefined) {
    return []
  }
  const whole = schemas.add(object, 'input') as { properties?: Record<string, JsonSchema>; required?: string[] }
  return Object.entries(whole.properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || whole.required?.includes(name) === true,
    ...(typeof description === 'string' ? { description } : {}),
    schema,
  }))
}

function toSuccesses(route: Route, schemas: NamedSchemas): OpenApiOperation['responses'] {
  const mediaType = route.stream === true ? 'text/event-stream' : 'application/json'
  const successes = Object.entries(route.response).map(([status, schema]) => [
    status,
    schema instanceof z.ZodVoid
      ? { description: schema.description ?? 'Done; no body.' }
      : {
          description: route.stream === true ? 'Server-sent events; the schema is that of one event’s data.' : 'Done.',
          content: { [mediaType]: { schema: schemas.add(schema, 'output') } },
        },
  ])
  return Object.fromEntries(successes)
}

/** Returns one response a status, with the codes that come with it. */
function toFailures(route: Route, schemas: NamedSchemas): OpenApiOperation['responses'] {
  const byStatus = Map.groupBy([...commonProblems(route), ...route.problems], ({ status }) => status)
  const document = schemas.add(ProblemDocument, 'output')
  const failures = [...byStatus].map(([status, definitions]) => {
    const codes = [...new Set(definitions.map(({ code }) => code))]
    const titles = new Map(definitions.map(({ code, title }) => [code, title]))
    return [
      String(status),
      {
        description: [...titles].map(([code, title]) => `${code}: ${title}`).join('\n'),
        content: {
          [problemMediaType]: { schema: { allOf: [document, { properties: { code: { enum: codes } } }] } },
        },
      },
    ]
  })
  return Object.fromEntries(failures)
}

/** Returns the problems of `baseProblems` that the route may answer with by what it is. */
function commonProblems(route: Route): ProblemDefinition[] {
  const base = baseProblems
  return [
    base.requestInvalid,
    base.requestMalformed,
    ...(route.access === 'public' ? [] : [base.tokenInvalid, base.keysUnavailable]),
    ...(typeof route.access === 'object' ? [base.roleMissing] : []),
    base.routeNotFound,
    base.notAcceptable,
    base.requestTimeout,
    base.urlTooLong,
    ...(route.body === undefined ? [] : [base.bodyTooLarge, base.mediaTypeUnsupported]),
    base.headersTooLarge,
    base.internal,
    base.overloaded,
    base.timedOut,
  ]
}
