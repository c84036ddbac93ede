// What each request leaves behind: a span, a measurement, a line in the log.

import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { contextOf } from '../telemetry/trace-context.ts'
import { pathOf } from './problem-answers.ts'

const observed = new WeakMap<FastifyRequest, { span: Span; context: Context }>()

/** Runs the work in the context of the request's trace. The body's arrival, for one, runs outside of it. */
export function inTraceOf<T>(request: FastifyRequest, work: () => T): T {
  const found = observed.get(request)
  return found === undefined ? work() : context.with(found.context, work)
}

/** Observes every request of the app; those to `operations` are no news in the log. */
export function observeRequests(app: FastifyInstance, { tracer, meter }: Telemetry, operations: Set<string>): void {
  const duration = meter.createHistogram('http.server.request.duration', {
    description: 'How long requests took',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  })
  const active = meter.createUpDownCounter('http.server.active_requests', {
    description: 'Requests in flight',
    unit: '{request}',
  })

  app.addHook('onRequest', (request, _reply, done) => {
    const attributes = { 'http.request.method': request.method, 'http.route': routeOf(request) }
    const parent = contextOf(request.headers)
    const span = tracer.startSpan(
      `${request.method} ${routeOf(request)}`,
      { kind: SpanKind.SERVER, attributes: { ...attributes, 'url.path': pathOf(request.url) } },
      parent,
    )
    active.add(1)
    observed.set(request, { span, context: trace.setSpan(parent, span) })
    inTraceOf(request, done)
  })

  app.addHook('onResponse', (request, reply, done) => {
    const found = observed.get(request)
    if (found === undefined) {
      // A hook before the first one failed.
      done()
      return
    }
    const status = reply.statusCode
    active.add(-1)
    duration.record(reply.elapsedTime / 1000, {
      'http.request.method': request.method,
      'http.route': routeOf(request),
      'http.response.status_code': status,
    })
    found.span.setAttribute('http.response.status_code', status)
    if (status >= 500) {
      found.span.setStatus({ code: SpanStatusCode.ERROR })
    }
    found.span.end()
    const level = operations.has(routeOf(request)) ? 'debug' : status >= 400 && status < 500 ? 'warn' : 'info'
    inTraceOf(request, () => {
      request.log[level](
        {
          method: request.method,
          route: routeOf(request),
          path: pathOf(request.url),
          status,
          durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
        },
        'request answered',
      )
    })
    done()
  })
}

/** Publishes what the process itself is like. */
export function observeProcess({ meter }: Telemetry, eventLoopDelayMs: () => number): void {
  const gauge = (name: string, unit: string, description: string, read: () => number): void => {
    meter.createObservableGauge(name, { unit, description }).addCallback((result) => result.observe(read()))
  }
  gauge('nodejs.eventloop.delay.mean', 's', 'Mean lag of the event loop', () => eventLoopDelayMs() / 1000)
  gauge('nodejs.heap.used', 'By', 'Heap in use', () => process.memoryUsage().heapUsed)
  gauge('process.memory.usage', 'By', 'Resident memory', () => process.memoryUsage.rss())
  gauge('process.uptime', 's', 'Time since the process began', () => process.uptime())
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'Processor time used' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage()
      result.observe((user + system) / 1_000_000)
    })
}

/** An unknown path has no name of its own: whoever tries paths must not make the metrics grow. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown'
}
