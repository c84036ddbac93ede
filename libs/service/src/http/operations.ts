// What operators ask of every service, without a token: is it alive, is it ready, how is it, what does it answer.

import { baseProblems, type OpenApiDocument } from '@freehold/contracts-base'
import type { FastifyInstance } from 'fastify'
import type { ServiceIdentity } from '../identity.ts'
import { readyCheckTimeoutMs } from '../limits.ts'
import { Problem } from '../problem.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { renderDocsPage } from './docs-page.ts'
import type { Drain } from './drain.ts'
import { sendProblem } from './problem-answers.ts'

/** Something that a service cannot serve without. */
export interface ReadyCheck {
  name: string
  /** Returns why not, undefined when all is well. */
  check(): Promise<string | undefined>
}

export const operationPaths = ['/health', '/ready', '/metrics', '/openapi.json', '/docs'] as const

export interface OperationsOptions {
  identity: ServiceIdentity
  checks: ReadyCheck[]
  drain: Drain
  telemetry: Telemetry
  /** Returns the document once all routes are known. */
  openApi(): OpenApiDocument
}

/** Answers the operators' paths. */
export function answerOperations(app: FastifyInstance, options: OperationsOptions): void {
  const { identity, checks, drain, telemetry } = options
  let document: OpenApiDocument | undefined
  const getDocument = (): OpenApiDocument => {
    document ??= options.openApi()
    return document
  }

  const open = { config: { access: 'public' as const } }
  app.get('/health', open, async () => ({ status: 'ok', ...identity }))

  app.get('/ready', open, async (request, response) => {
    const reasons = drain.isDraining ? [{ name: 'drain', reason: 'the service is ending' }] : await runChecks(checks)
    if (reasons.length > 0) {
      const detail = reasons.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
      const errors = reasons.map(({ name, reason }) => ({ pointer: `/${name}`, detail: reason }))
      await sendProblem(request, response, new Problem(baseProblems.notReady, { detail, errors, retryAfterMs: 1000 }))
      return response
    }
    return { status: 'ready', checks: checks.map(({ name }) => name) }
  })

  app.get('/metrics', open, async (_request, response) =>
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await telemetry.renderMetrics()),
  )
  app.get('/openapi.json', open, async () => getDocument())
  app.get('/docs', open, async (_request, response) =>
    response
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(renderDocsPage(getDocument())),
  )
}

async function runChecks(checks: ReadyCheck[]): Promise<{ name: string; reason: string }[]> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => ({ name, reason: await withinTime(check()) })),
  )
  return results.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }]))
}

async function withinTime(check: Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${readyCheckTimeoutMs} ms`), readyCheckTimeoutMs)
  })
  try {
    return await Promise.race([check, late])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
