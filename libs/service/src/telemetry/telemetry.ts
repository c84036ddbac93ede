// Traces and metrics of one service. Nothing here is global: several services may run in one process.

import type { Meter, Tracer } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { type IMetricReader, MeterProvider, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { ServiceIdentity } from '../identity.ts'
import { enableTraceContext } from './trace-context.ts'

export interface Telemetry {
  tracer: Tracer
  meter: Meter
  /** Returns the metrics in Prometheus' text format. */
  renderMetrics(): Promise<string>
  /** Sends what is left to the collector. */
  close(): Promise<void>
}

/** Returns the service's tracer and meter; they send by OTLP over HTTP to `collectorUrl` if there is one. */
export async function createTelemetry(identity: ServiceIdentity, collectorUrl: string | undefined): Promise<Telemetry> {
  enableTraceContext()
  const resource = resourceFromAttributes({
    'service.name': identity.name,
    'service.version': identity.version,
    'service.instance.id': identity.instance,
  })
  const prometheus = new PrometheusExporter({ preventServerStart: true })
  const readers: IMetricReader[] = [prometheus]
  const spanProcessors: SpanProcessor[] = []
  if (collectorUrl !== undefined) {
    const { createExporters } = await import('./otlp-exporters.ts')
    const exporters = createExporters(collectorUrl)
    readers.push(exporters.metrics)
    spanProcessors.push(exporters.spans)
  }
  return assemble(resource, prometheus, readers, spanProcessors)
}

function assemble(
  resource: Resource,
  prometheus: PrometheusExporter,
  readers: IMetricReader[],
  spanProcessors: SpanProcessor[],
): Telemetry {
  const tracers = new BasicTracerProvider({ resource, spanProcessors })
  const meters = new MeterProvider({ resource, readers })
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true)
  return {
    tracer: tracers.getTracer('@freehold/service'),
    meter: meters.getMeter('@freehold/service'),
    async renderMetrics() {
      const { resourceMetrics } = await prometheus.collect()
      return serializer.serialize(nameUnits(resourceMetrics))
    },
    async close() {
      // A collector that is down must not keep a service from ending.
      await Promise.allSettled([tracers.shutdown(), meters.shutdown()])
    },
  }
}

/** Returns the metrics with their units in their names, as Prometheus has them: OTLP carries units beside the names. */
function nameUnits({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  const suffixes: Record<string, string> = { s: '.seconds', By: '.bytes' }
  return {
    resource,
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) => {
        const { name, unit } = metric.descriptor
        return { ...metric, descriptor: { ...metric.descriptor, name: `${name}${suffixes[unit] ?? ''}`, unit: '' } }
      }),
    })),
  }
}
