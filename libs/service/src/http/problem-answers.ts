// Every answer that is not a success, as a problem document; and one line in the log for each failure.

import { baseProblems, problemMediaType, UnreachableError } from '@freehold/contracts-base'
import { isUnreachable, sqlstateOf, sqlstates } from '@freehold/postgres'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { retryAfterOverloadMs } from '../limits.ts'
import { Problem, toProblemDocument } from '../problem.ts'

const byFastifyCode: Record<string, Problem> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new Problem(baseProblems.mediaTypeUnsupported),
  FST_ERR_CTP_BODY_TOO_LARGE: new Problem(baseProblems.bodyTooLarge),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new Problem(baseProblems.requestMalformed, {
    detail: 'The body is not as long as Content-Length says.',
  }),
  FST_ERR_BAD_URL: new Problem(baseProblems.requestMalformed, { detail: 'The path is not well-formed.' }),
  FST_ERR_HANDLER_TIMEOUT: new Problem(baseProblems.timedOut, { retryAfterMs: retryAfterOverloadMs }),
}

/** Returns the problem that an error means to the caller. What nobody foresaw is `internal`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) {
    return error
  }
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
  if (typeof code === 'string' && byFastifyCode[code] !== undefined) {
    return byFastifyCode[code]
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new Problem(baseProblems.requestMalformed, { cause: error })
  }
  if (error instanceof UnreachableError) {
    return new Problem(baseProblems.dependencyUnavailable, { retryAfterMs: retryAfterOverloadMs, cause: error })
  }
  return findDatabaseProblem(error) ?? new Problem(baseProblems.internal, { cause: error })
}

function findDatabaseProblem(error: unknown): Problem | undefined {
  const sqlstate = sqlstateOf(error)
  if (isUnreachable(error) || sqlstate === sqlstates.tooManyConnections) {
    return new Problem(baseProblems.databaseUnavailable, { sqlstate, retryAfterMs: retryAfterOverloadMs, cause: error })
  }
  if (sqlstate === sqlstates.queryCanceled) {
    return new Problem(baseProblems.timedOut, { sqlstate, retryAfterMs: retryAfterOverloadMs, cause: error })
  }
  const isTransient = [sqlstates.serializationFailure, sqlstates.deadlockDetected, sqlstates.lockNotAvailable].some(
    (each) => each === sqlstate,
  )
  return isTransient ? new Problem(baseProblems.databaseBusy, { sqlstate, retryAfterMs: 100, cause: error }) : undefined
}

/** Answers with the problem. */
export async function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): Promise<void> {
  const { status } = problem.definition
  const { retryAfterMs } = problem.occurrence
  if (status === 401) {
    reply.header('www-authenticate', 'Bearer realm="freehold"')
  }
  if (retryAfterMs !== undefined) {
    reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1000)))
  }
  if (status === 413 || status === 408) {
    // The rest of the body is not read, so nothing after it could be.
    reply.header('connection', 'close')
  }
  await reply
    .code(status)
    .type(problemMediaType)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(toProblemDocument(problem, request.id)))
}

/** Answers every error of the app, and every path and method that it does not know. */
export function answerProblems(app: FastifyInstance, methodsOf: (path: string) => string[]): void {
  const answerUnknown = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const methods = methodsOf(pathOf(request.url))
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '))
      const detail = `${request.method} is not among ${methods.join(', ')}.`
      return sendProblem(request, reply, new Problem(baseProblems.methodNotAllowed, { detail }))
    }
    return sendProblem(request, reply, new Problem(baseProblems.routeNotFound))
  }
  app.setErrorHandler(async (error, request, reply) => {
    if (request.is404 && request.method === 'QUERY') {
      // Fastify looks for its body before it looks for its route, which no service has.
      return answerUnknown(request, reply)
    }
    const problem = toProblem(error)
    logProblem(request, problem, error)
    await sendProblem(request, reply, problem)
  })
  app.setNotFoundHandler(answerUnknown)
}

/** Returns the path of a request without its query, which may hold what is not for the log. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] as string
}

function logProblem(request: FastifyRequest, problem: Problem, error: unknown): void {
  const { code, status } = problem.definition
  const fields = { code, error: problem.cause ?? error }
  if (status >= 500) {
    request.log.error(fields, `${request.method} ${request.routeOptions.url ?? pathOf(request.url)} failed`)
  } else {
    request.log.debug(fields, problem.message)
  }
}
