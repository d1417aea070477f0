import type { Span } from '#server/contracts/telemetry.ts'

/** A span with plain values, for tests of what is drawn from it. */
export function span(spanId: string, parentSpanId: string | null, offsetMs: number, durationMs = 1, more: Partial<Span> = {}): Span {
  return {
    spanId, parentSpanId, offsetMs, durationMs,
    service: 'writer', name: 'invoke_agent', kind: 'internal', startedAt: '2026-11-22T14:00:00.000Z', status: 'unset', statusMessage: '',
    scope: '', sender: null, attributes: [], resource: [], events: [], links: [], genAi: null,
    ...more,
  }
}
