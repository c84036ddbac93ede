// The context of a request: which trace it belongs to, wherever its work goes on. Carried as W3C Trace Context, also
// where no collector is configured, so that the logs of all services that a request touched have one trace id.

import { type Context, context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'

/** Makes the current context follow asynchronous work. Once a process, however many services run in it. */
export function enableTraceContext(): void {
  const contexts = new AsyncLocalStorageContextManager()
  if (context.setGlobalContextManager(contexts.enable())) {
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  }
}

/** Returns the context that incoming headers carry. */
export function contextOf(headers: Record<string, unknown>): Context {
  return propagation.extract(ROOT_CONTEXT, headers)
}

/** Returns the headers (traceparent, tracestate) that carry the current trace on; without one, none. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  propagation.inject(context.active(), headers)
  return headers
}

/** Returns the current trace as W3C has it, undefined outside of any. */
export function currentTraceparent(): string | undefined {
  return traceHeaders()['traceparent']
}

/** Runs the work as part of the trace that a record or a row carried here. */
export function withTraceparent<T>(traceparent: string | undefined, work: () => T): T {
  return context.with(traceparent === undefined ? ROOT_CONTEXT : contextOf({ traceparent }), work)
}

/** Returns the fields by which a line of the log names its trace; none outside of any. */
export function traceFields(): { trace_id?: string; span_id?: string } {
  const span = trace.getSpanContext(context.active())
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }
}
