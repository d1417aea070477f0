// Spans as an SDK makes and sends them.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TestSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: { key: string; value: Record<string, unknown> }[]
  [field: string]: unknown
}

/** A span of 5 ms that ended just now, with ids of its own. */
export function freshSpan(fields: Partial<TestSpan> = {}): TestSpan {
  const now = Date.now()
  return { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex'), name: 'work', kind: 1, startTimeUnixNano: `${now - 5}000000`, endTimeUnixNano: `${now}000000`, ...fields }
}

/** An OTLP/JSON request with one resource. */
export function requestOf(spans: readonly Record<string, unknown>[], resource: Record<string, string> = { 'service.name': 'alpha' }): string {
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'test' }, spans }] }] })
}

export function attributesOf(values: Record<string, string | number>): { key: string; value: Record<string, unknown> }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: typeof value === 'number' ? { intValue: value } : { stringValue: value } }))
}

const TRIES_MAX = 20

/** Sends as an exporter does: again after a second while the answer is 503, which is what a busy machine makes of any request. */
export async function postOtlp(url: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': typeof body === 'string' ? 'application/json' : 'application/x-protobuf', ...headers }, body: typeof body === 'string' ? body : new Uint8Array(body) })
    if (answer.status !== 503 || tries === TRIES_MAX) return answer
    await answer.arrayBuffer()
    await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1000)
  }
}
