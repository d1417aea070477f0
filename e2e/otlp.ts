// What any OpenTelemetry SDK sends, as OTLP/JSON.
import { expect } from 'vitest'
import { heddle } from './person.ts'

export interface SentSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
}

const MS = 1_000_000n

function hexId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}

/** Spans of services, and nothing else said of them. */
export async function sendSpans(spansOf: Record<string, SentSpan[]>): Promise<void> {
  const resourceSpans = Object.entries(spansOf).map(([service, spans]) => ({ resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] }, scopeSpans: [{ spans }] }))
  const response = await fetch(`http://127.0.0.1:${heddle.env.HEDDLE_OTLP_HTTP_PORT}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans }) })
  expect(response.status).toBe(200)
}

/** A span of 40 ms that ended then. */
export function spanAt(endMs: number, fields: Pick<SentSpan, 'name' | 'kind'> & Partial<SentSpan>): SentSpan {
  const end = BigInt(endMs) * MS
  return { traceId: hexId(), spanId: hexId().slice(16), startTimeUnixNano: String(end - 40n * MS), endTimeUnixNano: String(end), ...fields }
}

/** One service called another then. */
export async function sendCall(caller: string, callee: string, endMs: number): Promise<void> {
  const asks = spanAt(endMs, { name: 'ask', kind: 3 })
  await sendSpans({ [caller]: [asks], [callee]: [spanAt(endMs - 1, { name: 'answer', kind: 2, traceId: asks.traceId, parentSpanId: asks.spanId })] })
}
