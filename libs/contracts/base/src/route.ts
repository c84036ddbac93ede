// A route as data: what a service answers, who may ask, and what may go wrong. Servers, clients and documents are made of it.

import type { z } from 'zod'
import type { ProblemDefinition } from './problems.ts'

/** The roles, weakest first: each may do what those before it may. */
export const roles = ['viewer', 'operator', 'owner'] as const
export type Role = (typeof roles)[number]

/**
 * Who may call: anybody, anybody with a valid token, or a caller with at least the role on the service that the path
 * parameter `service` names; without `service`, on the whole platform.
 */
export type Access = 'public' | 'authenticated' | { readonly role: Role; readonly service?: string }

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters as `/v1/services/:serviceId`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly access: Access
  readonly params?: z.ZodObject
  /** Values arrive as text; numbers, booleans and lists are read from it as the schema wants them. */
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** The bodies of the successes by status; `z.void()` where there is none. */
  readonly response: { readonly [status: number]: z.ZodType }
  readonly problems: readonly ProblemDefinition[]
  /** Answers with server-sent events; the schema under 200 is that of one event's data. */
  readonly stream?: true
  /**
   * Of a stream: the number in an event's data that is the event's id. The query parameter `after`, or the header
   * Last-Event-ID of a client that connects again by itself, goes on behind it.
   */
  readonly resumesBy?: string
}

/** Returns the route as given, checked: throws a TypeError when its parts contradict each other. */
export function defineRoute<const R extends Route>(route: R): R {
  const fault = findFault(route)
  if (fault !== undefined) {
    throw new TypeError(`${route.method} ${route.path}: ${fault}`)
  }
  return route
}

/** Returns the names of the parameters in a path, in order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map((match) => match[1] as string)
}

function findFault(route: Route): string | undefined {
  const inPath = pathParameters(route.path)
  const described = Object.keys(route.params?.shape ?? {})
  if (!/^(?:\/(?:[\w.~-]+|:\w+))+$/.test(route.path)) {
    return 'a path is /words and /:parameters'
  }
  if ([...inPath].sort().join() !== [...described].sort().join()) {
    return `the path has the parameters [${inPath}], params describes [${described}]`
  }
  if (
    typeof route.access === 'object' &&
    route.access.service !== undefined &&
    !inPath.includes(route.access.service)
  ) {
    return `access names the parameter ${route.access.service}, which the path does not have`
  }
  if (route.method === 'GET' && route.body !== undefined) {
    return 'a GET has no body'
  }
  const statuses = Object.keys(route.response).map(Number)
  if (statuses.length === 0 || statuses.some((status) => status < 200 || status > 299)) {
    return 'response describes successes, at least one; what may go wrong stands in problems'
  }
  if (route.stream === true && (route.method !== 'GET' || statuses.join() !== '200')) {
    return 'a stream answers a GET with 200'
  }
  if (route.resumesBy !== undefined && (route.stream !== true || route.query?.shape['after'] === undefined)) {
    return 'what resumes is a stream, with the query parameter after'
  }
  return undefined
}
