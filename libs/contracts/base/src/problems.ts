// Problems as RFC 9457 has them: what every service answers when it cannot do what it was asked.

import { z } from 'zod'

/** What may go wrong, as data: one row of a contract's table. The code is never reused and never renamed. */
export interface ProblemDefinition {
  readonly code: `FHD_${string}`
  readonly status: number
  readonly title: string
  /** What the caller can do now. */
  readonly hint: string
}

/** A place in the request and what is wrong there. */
export const ProblemDetail = z
  .object({
    pointer: z.string().describe('JSON Pointer into the request: /body/name, /query/limit, /params/serviceId'),
    detail: z.string(),
  })
  .meta({ id: 'ProblemDetail' })

/** The body of every answer that is not a success, with media type application/problem+json. */
export const ProblemDocument = z
  .object({
    type: z.string().describe('absolute URI that ends in the code'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().optional(),
    instance: z.string().optional().describe('urn:request:<id>; the service’s logs carry the same id'),
    code: z.string().regex(/^FHD_[A-Z0-9_]+$/),
    hint: z.string().optional(),
    sqlstate: z.string().optional(),
    errors: z.array(ProblemDetail).optional(),
    retryAfterMs: z.int().nonnegative().optional(),
  })
  .meta({ id: 'Problem' })

export type ProblemDetail = z.infer<typeof ProblemDetail>
export type ProblemDocument = z.infer<typeof ProblemDocument>

export const problemMediaType = 'application/problem+json'

/** Returns the URI that names a problem's kind; it ends in the code. */
export function problemType(code: string): string {
  return `https://freehold.dev/problems/${code}`
}

/** The problems that any route of any service may answer with. */
export const baseProblems = {
  requestInvalid: {
    code: 'FHD_REQUEST_INVALID',
    status: 400,
    title: 'The request does not fit the contract.',
    hint: 'errors names each place and what is wrong there; /openapi.json has the contract',
  },
  requestMalformed: {
    code: 'FHD_REQUEST_MALFORMED',
    status: 400,
    title: 'The request cannot be read.',
    hint: 'send well-formed HTTP/1.1, with a body that is JSON in UTF-8',
  },
  tokenInvalid: {
    code: 'FHD_REQUEST_TOKEN_INVALID',
    status: 401,
    title: 'The request carries no valid token.',
    hint: 'send Authorization: Bearer <token>, with a token that has not expired',
  },
  roleMissing: {
    code: 'FHD_REQUEST_ROLE_MISSING',
    status: 403,
    title: 'The caller lacks the role that this needs.',
    hint: 'ask an owner to grant the role that detail names',
  },
  routeNotFound: {
    code: 'FHD_REQUEST_ROUTE_NOT_FOUND',
    status: 404,
    title: 'There is no such route.',
    hint: '/openapi.json lists the routes',
  },
  methodNotAllowed: {
    code: 'FHD_REQUEST_METHOD_NOT_ALLOWED',
    status: 405,
    title: 'The route does not know this method.',
    hint: 'the header Allow lists the methods it knows',
  },
  notAcceptable: {
    code: 'FHD_REQUEST_NOT_ACCEPTABLE',
    status: 406,
    title: 'The route cannot answer in a media type that the request accepts.',
    hint: 'accept application/json, or text/event-stream where the contract says so',
  },
  requestTimeout: {
    code: 'FHD_REQUEST_TIMEOUT',
    status: 408,
    title: 'The request did not arrive in time.',
    hint: 'send headers and body without pauses',
  },
  bodyTooLarge: {
    code: 'FHD_REQUEST_BODY_TOO_LARGE',
    status: 413,
    title: 'The body is larger than this service takes.',
    hint: 'send less in one request',
  },
  urlTooLong: {
    code: 'FHD_REQUEST_URL_TOO_LONG',
    status: 414,
    title: 'The URL is longer than this service takes.',
    hint: 'send less in the URL',
  },
  mediaTypeUnsupported: {
    code: 'FHD_REQUEST_MEDIA_TYPE_UNSUPPORTED',
    status: 415,
    title: 'The body is of a media type that this service does not read.',
    hint: 'send Content-Type: application/json, in UTF-8 and without Content-Encoding',
  },
  expectationFailed: {
    code: 'FHD_REQUEST_EXPECTATION_FAILED',
    status: 417,
    title: 'The request expects what this service does not do.',
    hint: 'leave the header Expect out, or send 100-continue',
  },
  headersTooLarge: {
    code: 'FHD_REQUEST_HEADERS_TOO_LARGE',
    status: 431,
    title: 'The headers are larger than this service takes.',
    hint: 'send fewer and shorter headers',
  },
  internal: {
    code: 'FHD_SERVICE_INTERNAL',
    status: 500,
    title: 'The service failed.',
    hint: 'the service’s log has the cause under the id that instance names',
  },
  overloaded: {
    code: 'FHD_SERVICE_OVERLOADED',
    status: 503,
    title: 'The service has more to do than it can do in time.',
    hint: 'try again after the time that Retry-After names',
  },
  timedOut: {
    code: 'FHD_SERVICE_TIMED_OUT',
    status: 503,
    title: 'The service did not finish in time.',
    hint: 'try again; if it was a change, look first whether it was made',
  },
  keysUnavailable: {
    code: 'FHD_SERVICE_KEYS_UNAVAILABLE',
    status: 503,
    title: 'The service cannot check tokens yet.',
    hint: 'it has never reached the service that publishes the keys; try again when that one is up',
  },
  databaseUnavailable: {
    code: 'FHD_SERVICE_DATABASE_UNAVAILABLE',
    status: 503,
    title: 'The service cannot reach its database.',
    hint: 'try again; /ready tells when it is back. If it was a change, look first whether it was made',
  },
  databaseBusy: {
    code: 'FHD_SERVICE_DATABASE_BUSY',
    status: 503,
    title: 'Another change was in the way.',
    hint: 'nothing was changed; try again',
  },
  dependencyUnavailable: {
    code: 'FHD_SERVICE_DEPENDENCY_UNAVAILABLE',
    status: 503,
    title: 'A service that this needs does not answer.',
    hint: 'try again when it is up; /ready tells which it is',
  },
  notReady: {
    code: 'FHD_SERVICE_NOT_READY',
    status: 503,
    title: 'The service is not ready.',
    hint: 'errors names what it waits for',
  },
} as const satisfies Record<string, ProblemDefinition>
