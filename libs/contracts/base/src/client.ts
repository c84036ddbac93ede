// The client that a route table types. It keeps no state, retries nothing, and follows no redirect.

import { z } from 'zod'
import { ProblemDocument, problemMediaType, problemType } from './problems.ts'
import type { Route } from './route.ts'
import type { ReceivedBody, RequestOf } from './route-types.ts'
import { readServerSentEvents } from './server-sent-events.ts'

export interface ClientOptions {
  /** Where the service is, without a path: `http://127.0.0.1:8080`. */
  baseUrl: string
  /** Returns the token to call with, asked at each call; undefined calls without one. */
  token?(): Promise<string | undefined>
  /** Returns headers that each call carries, asked at each call: traceparent, for example. */
  headers?(): Record<string, string>
  fetch?: typeof fetch
  /** How long a call may take; of a stream, how long until its first byte. 30 s without it. */
  timeoutMs?: number
}

type Result<R extends Route> = R extends { stream: true }
  ? AsyncIterable<ReceivedBody<R>, void, undefined>
  : Promise<ReceivedBody<R>>

type Call<R extends Route> =
  Record<never, never> extends RequestOf<R>
    ? (request?: RequestOf<R>) => Result<R>
    : (request: RequestOf<R>) => Result<R>

/** One method a route. A promise, or of a stream its iteration, rejects with ContractProblem or UnreachableError. */
export type Client<Routes extends Record<string, Route>> = { readonly [K in keyof Routes]: Call<Routes[K]> }

/** The service answered with a problem. */
export class ContractProblem extends Error {
  readonly problem: ProblemDocument
  constructor(problem: ProblemDocument) {
    super(problem.detail ?? problem.title)
    this.name = 'ContractProblem'
    this.problem = problem
  }
  get status(): number {
    return this.problem.status
  }
  get code(): string {
    return this.problem.code
  }
}

/** No answer came: the service is down, the way to it is broken, or the time ran out. Whether it acted is not known. */
export class UnreachableError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'UnreachableError'
  }
}

/** A stream broke off before the service said that it was complete; call again to go on. */
export class StreamInterrupted extends Error {
  constructor(cause?: unknown) {
    super('the stream ended before it was complete', { cause })
    this.name = 'StreamInterrupted'
  }
}

interface AnyRequest {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  signal?: AbortSignal | undefined
}

/** Returns a client with one method for each route of the table. */
export function createClient<Routes extends Record<string, Route>>(
  routes: Routes,
  options: ClientOptions,
): Client<Routes> {
  const methods = Object.entries(routes).map(([name, route]) => [
    name,
    route.stream === true
      ? (request: AnyRequest = {}) => readStream(route, request, options)
      : (request: AnyRequest = {}) => callOnce(route, request, options),
  ])
  return Object.fromEntries(methods) as Client<Routes>
}

async function callOnce(route: Route, request: AnyRequest, options: ClientOptions): Promise<unknown> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 30_000)
  const signal = request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline])
  const response = await send(route, request, options, signal)
  const text = await unlessBroken(route, request.signal, response.text())
  if (!response.ok) {
    throw new ContractProblem(toProblem(response, text))
  }
  return readSuccess(route, response, text)
}

async function* readStream(route: Route, request: AnyRequest, options: ClientOptions): AsyncGenerator<unknown, void> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error('no answer in time')), options.timeoutMs ?? 30_000)
  const signal = request.signal === undefined ? stop.signal : AbortSignal.any([request.signal, stop.signal])
  try {
    const response = await send(route, request, options, signal)
    clearTimeout(timer)
    if (!response.ok || response.body === null) {
      throw new ContractProblem(toProblem(response, await response.text()))
    }
    const schema = route.response[200] ?? z.unknown()
    for await (const { event, data } of unlessCut(readServerSentEvents(response.body))) {
      if (event === 'end') {
        return
      }
      if (event === 'problem') {
        throw new ContractProblem(ProblemDocument.parse(JSON.parse(data)))
      }
      yield schema.parse(JSON.parse(data))
    }
    throw new StreamInterrupted()
  } catch (error) {
    request.signal?.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    stop.abort()
  }
}

async function* unlessCut<T>(events: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* events
  } catch (error) {
    throw new StreamInterrupted(error)
  }
}

async function send(route: Route, request: AnyRequest, options: ClientOptions, signal: AbortSignal): Promise<Response> {
  const url = toUrl(route, request, options.baseUrl)
  const headers: Record<string, string> = {
    accept: route.stream === true ? `text/event-stream, ${problemMediaType}` : `application/json, ${problemMediaType}`,
    ...options.headers?.(),
  }
  const token = await options.token?.()
  if (token !== undefined) {
    headers['authorization'] = `Bearer ${token}`
  }
  const init: RequestInit = { method: route.method, headers, signal, redirect: 'error' }
  if (request.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(request.body)
  }
  return unlessBroken(route, request.signal, (options.fetch ?? fetch)(url, init))
}

/** Tells a connection that failed from a call that the caller took back. */
async function unlessBroken<T>(route: Route, signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    signal?.throwIfAborted()
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new UnreachableError(`no answer to ${route.method} ${route.path}: ${reason}`, error)
  }
}

function toUrl(route: Route, request: AnyRequest, baseUrl: string): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = String(request.params?.[name])
    if (value === '' || value === '.' || value === '..') {
      // A URL cannot carry these as a segment: they would name another route.
      throw new TypeError(`the parameter ${name} of ${route.path} cannot be ${JSON.stringify(value)}`)
    }
    return encodeURIComponent(value)
  })
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) {
        query.append(name, String(each))
      }
    }
  }
  const search = query.toString()
  return `${baseUrl.replace(/\/+$/, '')}${path}${search === '' ? '' : `?${search}`}`
}

function readSuccess(route: Route, response: Response, text: string): unknown {
  const schema = route.response[response.status]
  if (schema === undefined) {
    throw new ContractProblem(unexpected(response, `the contract of ${route.path} knows no status ${response.status}`))
  }
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    throw new ContractProblem(unexpected(response, `the body of ${route.path} is not JSON`))
  }
  const result = schema.safeParse(body)
  if (!result.success) {
    const where = z.prettifyError(result.error)
    throw new ContractProblem(unexpected(response, `the body of ${route.path} does not fit the contract: ${where}`))
  }
  return result.data
}

function toProblem(response: Response, text: string): ProblemDocument {
  try {
    const result = ProblemDocument.safeParse(JSON.parse(text))
    if (result.success) {
      return result.data
    }
  } catch {
    // Something between the caller and the service answered, in a language of its own.
  }
  return unexpected(response, `the answer was ${response.status} ${response.statusText}`.trim())
}

function unexpected(response: Response, detail: string): ProblemDocument {
  const code = 'FHD_CLIENT_UNEXPECTED_RESPONSE'
  return {
    type: problemType(code),
    title: 'The answer does not fit the contract.',
    status: response.status >= 400 ? response.status : 502,
    code,
    detail,
    hint: 'check that the address is that of the service, and that both sides know the same version of the contract',
  }
}
