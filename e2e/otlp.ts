// What any OpenTelemetry SDK sends to the Heddle of the stories.
import { expect } from 'vitest'
import { freshSpan, postOtlp, requestOf, type TestSpan } from '../server/testing/spans.ts'
import { heddle } from './person.ts'

/** Spans of one service, and nothing else said of it. */
export async function sendSpans(service: string, spans: TestSpan[]): Promise<void> {
  const answer = await postOtlp(`http://127.0.0.1:${heddle.env.HEDDLE_OTLP_HTTP_PORT}/v1/traces`, requestOf(spans, { 'service.name': service }))
  expect(answer.status).toBe(200)
}

/** One service called another then. */
export async function sendCall(caller: string, callee: string, endMs: number): Promise<void> {
  const times = { startTimeUnixNano: `${endMs - 40}000000`, endTimeUnixNano: `${endMs}000000` }
  const asks = freshSpan({ name: 'ask', kind: 3, ...times })
  await sendSpans(caller, [asks])
  await sendSpans(callee, [freshSpan({ name: 'answer', kind: 2, traceId: asks.traceId, parentSpanId: asks.spanId, ...times })])
}
