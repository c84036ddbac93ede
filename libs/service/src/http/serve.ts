// Routes of a contract, answered: who calls and whether they may, the checked parts of the request, the checked answer.

import {
  baseProblems,
  type Caller,
  type PartOf,
  type Role,
  type Route,
  type SentBody,
  type StatusOf,
} from '@freehold/contracts-base'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Problem } from '../problem.ts'
import type { Drain } from './drain.ts'
import { callerOf, tokenEndOf } from './guard-routes.ts'
import { inTraceOf } from './observe.ts'
import { createPartsReader } from './request-parts.ts'
import { sendStream } from './stream.ts'

/** A request whose parts fit the contract and whose caller may ask. */
export interface ParsedRequest<R extends Route> {
  params: PartOf<R, 'params'>
  query: PartOf<R, 'query'>
  body: PartOf<R, 'body'>
  /** Who calls; on public routes nobody is asked. */
  identity: R extends { access: 'authenticated' | { role: Role } } ? Caller : Caller | null
  /** Aborted when nobody waits for the answer any more: the caller is gone, or the time is over. */
  signal: AbortSignal
  log: FastifyBaseLogger
}

/** An answer with its status, for routes that have several, and with headers. */
export class Reply<Status extends number, Body> {
  readonly status: Status
  readonly body: Body
  readonly headers: Record<string, string>
  constructor(status: Status, body: Body, headers: Record<string, string>) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** Returns an answer with its status. */
export function reply<const Status extends number, Body>(
  status: Status,
  body: Body,
  headers: Record<string, string> = {},
): Reply<Status, Body> {
  return new Reply(status, body, headers)
}

type IsUnion<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? false : true) : never
type RepliesOf<R extends Route> = { [S in StatusOf<R>]: Reply<S, SentBody<R, S>> }[StatusOf<R>]

/** What an answer returns: the body; a Reply where there are several statuses; of a stream its events. */
export type AnswerOf<R extends Route> = R extends { stream: true }
  ? AsyncIterable<SentBody<R>>
  : IsUnion<StatusOf<R>> extends true
    ? RepliesOf<R>
    : SentBody<R> | RepliesOf<R>

/** Answers a route of the contract. */
export type Serve = <R extends Route>(route: R, answer: (request: ParsedRequest<R>) => Promise<AnswerOf<R>>) => void

export interface ServeOptions {
  app: FastifyInstance
  drain: Drain
  /** Told of each route. */
  onRoute(route: Route): void
}

/** Returns the function by which the service's routes are answered. */
export function createServe({ app, drain, onRoute }: ServeOptions): Serve {
  return (route, answer) => {
    const readParts = createPartsReader(route)
    onRoute(route)
    app.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: route.method === 'GET' && route.stream !== true,
      config: { access: route.access },
      onRequest: async (request) => {
        refuseEmptyParameter(request)
        refuseUnacceptable(route, request)
      },
      handler: (request, response) =>
        inTraceOf(request, async () => {
          const parts = readParts({ params: request.params, query: queryOf(route, request), body: request.body })
          const signal =
            route.stream === true
              ? AbortSignal.any([signalOf(response), drain.signal, tokenEndOf(request)])
              : request.signal
          const parsed = { ...parts, identity: callerOf(request), signal, log: request.log }
          const answered = await reportForeign(answer(parsed as unknown as ParsedRequest<typeof route>), route, request)
          return route.stream === true
            ? sendStream(route, response, answered as AsyncIterable<unknown>, signal)
            : sendBody(route, response, answered)
        }),
    })
  }
}

const baseCodes: ReadonlySet<string> = new Set(Object.values(baseProblems).map(({ code }) => code))

/** Reports a problem that the route's contract does not have: its callers cannot know it. It is answered all the same. */
async function reportForeign<T>(answer: Promise<T>, route: Route, { log }: FastifyRequest): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Problem) {
      const { code } = error.definition
      if (!baseCodes.has(code) && !route.problems.some((problem) => problem.code === code)) {
        log.error({ code }, `the contract of ${route.method} ${route.path} does not have this problem`)
      }
    }
    throw error
  }
}

/** A client that connects again by itself repeats its URL, and says in a header how far it has come. */
function queryOf(route: Route, { query, headers }: FastifyRequest): unknown {
  const last = headers['last-event-id']
  return route.resumesBy === undefined || last === undefined || last === ''
    ? query
    : { ...(query as Record<string, unknown>), after: last }
}

/** Returns a signal that is aborted when the connection ends before the answer does. */
function signalOf(response: FastifyReply): AbortSignal {
  const gone = new AbortController()
  response.raw.once('close', () => gone.abort())
  return gone.signal
}

async function sendBody(route: Route, response: FastifyReply, answered: unknown): Promise<FastifyReply> {
  const statuses = Object.keys(route.response).map(Number)
  const { status, body, headers } =
    answered instanceof Reply ? answered : { status: statuses[0] as number, body: answered, headers: {} }
  const schema = route.response[status]
  if (schema === undefined) {
    throw new TypeError(`${route.method} ${route.path} answered ${status}, which its contract does not have`)
  }
  // Also leaves out what the contract does not name, so that no column of a row gets out by mistake.
  const checked = schema.parse(body)
  response.code(status).headers({ 'cache-control': 'no-store', ...headers })
  if (schema instanceof z.ZodVoid) {
    return response.send()
  }
  return response.type('application/json; charset=utf-8').send(JSON.stringify(checked))
}

/** Refuses /orders/ for /orders/:orderId, which the router lets through. */
function refuseEmptyParameter({ params }: FastifyRequest): void {
  if (Object.values(params as Record<string, string>).includes('')) {
    throw new Problem(baseProblems.routeNotFound)
  }
}

function refuseUnacceptable(route: Route, { headers }: FastifyRequest): void {
  const { accept } = headers
  const offered = route.stream === true ? ['text/event-stream', 'text/*'] : ['application/json', 'application/*']
  if (accept !== undefined && accept.trim() !== '' && !accepts(accept, [...offered, '*/*'])) {
    throw new Problem(baseProblems.notAcceptable, { detail: `The route answers ${offered[0]}.` })
  }
}

function accepts(header: string, offered: string[]): boolean {
  return header.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return offered.includes(type) && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })
}
