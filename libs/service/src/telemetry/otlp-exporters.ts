// A module of its own, loaded only where there is a collector: the exporters cost a tenth of a second of each start. They
// are CommonJS, whose names a bundle of an ES module finds only when they are imported statically.

import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base'

/** Returns what sends metrics and spans to the collector by OTLP over HTTP. */
export function createExporters(collectorUrl: string): { metrics: IMetricReader; spans: SpanProcessor } {
  const base = collectorUrl.replace(/\/+$/, '')
  return {
    spans: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/v1/traces` })),
    metrics: new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }) }),
  }
}
