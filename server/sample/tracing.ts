// OpenTelemetry of a sample agent. `OTEL_SDK_DISABLED=true` turns its exporter off; the sidecar's evidence does not need it.
import { context, propagation, SpanKind, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { IncomingHttpHeaders } from 'node:http'
import type { AgentOptions } from './agent-options.ts'

/** Starts the SDK under the agent's own name; the answer stops it and sends what it still holds. */
export function startTracing(options: AgentOptions): () => Promise<void> {
  process.env.OTEL_SERVICE_NAME = options.name
  process.env.OTEL_RESOURCE_ATTRIBUTES = `service.namespace=default,service.version=${options.version},service.instance.id=${options.instance}`
  process.env.OTEL_METRICS_EXPORTER ??= 'none'
  process.env.OTEL_LOGS_EXPORTER ??= 'none'
  process.env.OTEL_BSP_SCHEDULE_DELAY ??= '500' // milliseconds; a person watching the page should not wait the SDK's five seconds
  const sdk = new NodeSDK({ traceExporter: new OTLPTraceExporter() })
  sdk.start()
  return () => sdk.shutdown().catch(() => undefined) // the collector may be gone already
}

const tracer = () => trace.getTracer('heddle-sample')

/** Runs `work` inside a span; what it throws is recorded and passed on. */
export function inSpan<T>(name: string, kind: SpanKind, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  return tracer().startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
      span.setAttribute('error.type', error instanceof Error ? error.name : '_OTHER')
      throw error
    } finally {
      span.end()
    }
  })
}

/** Starts the server span of a request, child of the caller's by W3C trace context. */
export function startServerSpan(method: string, path: string, headers: IncomingHttpHeaders): { span: Span; run: (work: () => void) => void } {
  const parent = propagation.extract(context.active(), headers)
  const span = tracer().startSpan(`${method} ${path}`, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'url.path': path } }, parent)
  return { span, run: (work) => context.with(trace.setSpan(parent, span), work) }
}
