// Denied by default: a route that does not say who may call it cannot be registered, however it is.

import { type Access, baseProblems, type Caller } from '@freehold/contracts-base'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { decodeJwt } from 'jose'
import { requireAccess } from '../identification/roles.ts'
import type { TokenVerifier } from '../identification/token-verifier.ts'
import { Problem } from '../problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. */
    access?: Access
  }
}

const callers = new WeakMap<FastifyRequest, Caller>()
const tokens = new WeakMap<FastifyRequest, string>()

/** Returns who calls; null on public routes. */
export function callerOf(request: FastifyRequest): Caller | null {
  return callers.get(request) ?? null
}

/** Returns a signal that is aborted when the caller's token ends: what it opened is not open for longer. */
export function tokenEndOf(request: FastifyRequest): AbortSignal {
  const token = tokens.get(request)
  const end = new AbortController()
  if (token !== undefined) {
    setTimeout(() => end.abort(), (decodeJwt(token).exp ?? 0) * 1000 - Date.now()).unref()
  }
  return end.signal
}

/** Lets a request through to routes registered from now on only if its caller may. */
export function guardRoutes(app: FastifyInstance, verifier: TokenVerifier): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) {
      throw new TypeError(`${method} ${url} does not say who may call it: config.access is missing`)
    }
  })
  app.addHook('onRequest', async (request) => {
    if (request.is404) {
      return
    }
    const { access } = request.routeOptions.config
    if (access === 'public') {
      return
    }
    const token = readBearer(request)
    const caller = token === undefined ? null : await verifier.verify(token)
    requireAccess(access as Access, caller, request.params as Record<string, string>)
    callers.set(request, caller as Caller)
    tokens.set(request, token as string)
  })
}

function readBearer({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers
  if (authorization === undefined) {
    return undefined
  }
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(authorization)?.[1]
  if (token === undefined) {
    throw new Problem(baseProblems.tokenInvalid, { detail: 'The header Authorization is not Bearer and a token.' })
  }
  return token
}
