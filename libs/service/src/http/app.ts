// A service's app: its routes, and around them what every service keeps with its operators. No I/O until it listens,
// so that tests call it with `app.inject`.

import { baseProblems, type Route, toOpenApi } from '@freehold/contracts-base'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { BaseConfig } from '../config.ts'
import { createKeySource, fetchDocument } from '../identification/key-source.ts'
import { createKeyStore } from '../identification/key-store.ts'
import { createTokenVerifier, type TokenVerifier } from '../identification/token-verifier.ts'
import { applicationName, type ServiceIdentity } from '../identity.ts'
import * as limits from '../limits.ts'
import { Problem } from '../problem.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createTelemetry } from '../telemetry/telemetry.ts'
import { answerClientError, answerOutsiders } from './client-errors.ts'
import { type Drain, watchConnections } from './drain.ts'
import { guardRoutes } from './guard-routes.ts'
import { readJsonBodies } from './json-body.ts'
import { observeProcess, observeRequests } from './observe.ts'
import { answerOperations, operationPaths, type ReadyCheck } from './operations.ts'
import { answerProblems, sendProblem, toProblem } from './problem-answers.ts'
import { createServe, type Serve } from './serve.ts'
import { shedOverload } from './shed-overload.ts'

/** The settings that the app itself reads. CATALOG_URL may be left out by whoever brings a verifier. */
export type ServiceConfig = Omit<BaseConfig, 'CATALOG_URL' | 'EVENTS_URL'> & { CATALOG_URL?: string | undefined }

export interface ServiceOptions {
  identity: ServiceIdentity
  config: ServiceConfig
  /** Answers the service's routes. */
  routes(serve: Serve): void
  /** The service's contract: names the routes in /openapi.json, and each of them has to be answered. */
  contract?: Record<string, Route>
  /** Each route that a plugin adds names in `config.access` who may call it. */
  plugins?: ((app: FastifyInstance) => Promise<void>)[]
  ready: ReadyCheck[]
  /** Ends what the app does not know of, after the last answer: workers first, then the pool. */
  onClose?(): Promise<void>
  logger?: Logger
  /** Without it tokens are checked with the keys that JWKS_URL, or else CATALOG_URL, publishes. */
  verifier?: TokenVerifier
}

const drains = new WeakMap<FastifyInstance, Drain>()

/** Returns what drains the app. */
export function drainOf(app: FastifyInstance): Drain {
  const drain = drains.get(app)
  if (drain === undefined) {
    throw new TypeError('the app was not made by createApp')
  }
  return drain
}

/** Returns the app, ready to listen or to be asked in process. */
export async function createApp(options: ServiceOptions): Promise<FastifyInstance> {
  const { identity, config } = options
  const log = options.logger ?? createLogger(identity, config.LOG_LEVEL)
  const telemetry = await createTelemetry(identity, config.OTEL_EXPORTER_OTLP_ENDPOINT)
  const app = createServer(config, log)
  const drain = watchConnections(app)
  drains.set(app, drain)
  answerOutsiders(app.server)
  readJsonBodies(app)

  const served: Route[] = []
  observeRequests(app, telemetry, new Set(operationPaths))
  refuseUnfitRequests(app)
  const lag = shedOverload(app, config.EVENT_LOOP_LAG_MAX_MS)
  observeProcess(telemetry, lag.meanMs)
  answerProblems(app, createMethodsFinder(served))
  guardRoutes(app, options.verifier ?? createRemoteVerifier(options, log))
  answerOperations(app, {
    identity,
    checks: options.ready,
    drain,
    telemetry,
    openApi: () =>
      toOpenApi(options.contract ?? nameRoutes(served), { title: identity.name, version: identity.version }),
  })
  options.routes(createServe({ app, drain, onRoute: (route) => served.push(route) }))
  refuseGaps(options.contract ?? {}, served)
  for (const plugin of options.plugins ?? []) {
    await app.register(plugin)
  }
  app.addHook('onClose', async () => {
    await options.onClose?.()
    await telemetry.close()
  })
  await app.ready()
  return app
}

function createServer(config: ServiceConfig, log: Logger): FastifyInstance {
  return fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => uuidv7(),
    bodyLimit: config.BODY_BYTES_MAX,
    requestTimeout: limits.arrivalTimeoutMs,
    handlerTimeout: config.REQUEST_TIMEOUT_MS,
    connectionTimeout: limits.connectionTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    return503OnClosing: false,
    // So long that the URL's own limit is met first.
    routerOptions: { maxParamLength: limits.headerBytesMax },
    http: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: 1000,
      // Node would refuse its absence without a body.
      requireHostHeader: false,
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, log),
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, toProblem(error))
    },
  })
}

function refuseUnfitRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' })
    if (Buffer.byteLength(request.url) > limits.urlBytesMax) {
      throw new Problem(baseProblems.urlTooLong, { detail: `It is longer than ${limits.urlBytesMax} bytes.` })
    }
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new Problem(baseProblems.requestMalformed, { detail: 'The header Host is missing.' })
    }
  })
}

function createRemoteVerifier({ identity, config }: ServiceOptions, log: Logger): TokenVerifier {
  const base = config.CATALOG_URL?.replace(/\/+$/, '')
  const keysUrl = config.JWKS_URL ?? (base === undefined ? undefined : `${base}/.well-known/jwks.json`)
  if (keysUrl === undefined) {
    throw new TypeError('a service without a verifier of its own needs CATALOG_URL or JWKS_URL')
  }
  const store = createKeyStore({
    databaseUrl: config.DATABASE_URL,
    applicationName: applicationName(identity),
    schema: identity.name,
    keysUrl,
  })
  return createTokenVerifier(createKeySource({ fetchKeys: () => fetchDocument(keysUrl), store, log }))
}

/** Returns a function that gives the methods that a path knows. */
function createMethodsFinder(served: Route[]): (path: string) => string[] {
  return (path) => {
    const isOperation = (operationPaths as readonly string[]).includes(path)
    const matching = served.filter((route) =>
      new RegExp(`^${route.path.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`).test(path),
    )
    const methods = matching.flatMap(({ method, stream }) =>
      method === 'GET' && stream !== true ? ['GET', 'HEAD'] : [method],
    )
    return [...new Set(isOperation ? ['GET', 'HEAD', ...methods] : methods)].sort()
  }
}

/** Returns the routes under names made of method and path, for an app that names no contract. */
function nameRoutes(routes: Route[]): Record<string, Route> {
  const entries = routes.map((route) => [
    `${route.method.toLowerCase()}${route.path.replace(/\W+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    route,
  ])
  return Object.fromEntries(entries)
}

function refuseGaps(contract: Record<string, Route>, served: Route[]): void {
  const gaps = Object.entries(contract).filter(([, route]) => !served.includes(route))
  if (gaps.length > 0) {
    throw new TypeError(`the contract's routes are not all answered: ${gaps.map(([name]) => name).join(', ')}`)
  }
}
