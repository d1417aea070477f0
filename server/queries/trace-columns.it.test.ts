import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Span, Trace, TraceColumns } from '#server/contracts/telemetry.ts'
import { testApi } from '#server/testing/api.ts'
import { startTestCollector, type Lab } from '#server/testing/collector.ts'
import { attributesOf, freshSpan, postOtlp, requestOf } from '#server/testing/spans.ts'
import { readTraceColumns, TRACE_COLUMNS_MAX } from './trace-columns.ts'

const PART = 2500

/** One root and `spans - 1` below it, each a millisecond after the other. */
async function sendTrace(lab: Lab, spans: number): Promise<string> {
  const beganMs = Date.now() - 120_000
  const ns = (us: number) => `${BigInt(beganMs) * 1000n + BigInt(us)}000`
  const root = freshSpan({ kind: 2, name: 'plan', startTimeUnixNano: ns(0), endTimeUnixNano: ns(spans * 1000) })
  for (let first = 0; first < spans; first += PART) {
    const part = Array.from({ length: Math.min(PART, spans - first) }, (_, index) => {
      const at = first + index
      if (at === 0) return root
      return freshSpan({ traceId: root.traceId, spanId: randomBytes(8).toString('hex'), parentSpanId: root.spanId, name: `step ${at % 7}`, startTimeUnixNano: ns(at * 1000), endTimeUnixNano: ns(at * 1000 + 1500), status: { code: at === 9 ? 2 : 0 }, attributes: attributesOf({ step: at }) })
    })
    expect((await postOtlp(`${lab.http}/v1/traces`, requestOf(part, { 'service.name': first === 0 ? 'alpha' : 'beta' }))).status).toBe(200)
  }
  return root.traceId
}

test('a trace of ten thousand spans comes whole by columns, and each of its spans in full', { timeout: 120_000 }, async () => {
  await using lab = await startTestCollector()
  const { as } = await testApi(lab.db)
  const traceId = await sendTrace(lab, 10_000)
  const read = async <T>(path: string) => (await (await as('viewer').get(path)).json()) as T
  const columns = await read<TraceColumns>(`/traces/${traceId}?format=fitting`)
  expect(columns.truncated).toBe(false)
  expect(columns.durationMs).toBeCloseTo(10_000.5, 1)
  expect([columns.services, columns.names.length]).toEqual([['alpha', 'beta'], 8])
  for (const list of [columns.spanIds, columns.parentIds, columns.service, columns.name, columns.kind, columns.status, columns.offsetMs, columns.durationsMs, columns.proxy, columns.inputTokens, columns.outputTokens]) expect(list).toHaveLength(10_000)
  expect([columns.parentIds[0], columns.parentIds[9999], columns.offsetMs[9999], columns.durationsMs[9999], columns.status[9]]).toEqual([null, columns.spanIds[0], 9999, 1.5, 'error'])
  expect(new Set(columns.spanIds).size).toBe(10_000)
  const span = await read<Span>(`/traces/${traceId}/spans/${columns.spanIds[7000]}?service=beta`)
  expect(span).toMatchObject({ spanId: columns.spanIds[7000], service: 'beta', offsetMs: 7000, attributes: [{ key: 'step', value: 7000 }] })
  const inFull = await read<Trace>(`/traces/${traceId}`)
  expect(inFull.truncated).toBe(true)
  expect(inFull.spans.length).toBeLessThanOrEqual(5000)
  const short = await read<Trace>(`/traces/${await sendTrace(lab, 12)}?format=fitting`)
  expect(short.truncated).toBe(false)
  expect(short.spans).toHaveLength(12)
  for (const [path, status] of [[`/traces/${traceId}/spans/${'0'.repeat(15)}1`, 404], [`/traces/${traceId}/spans/xyz`, 404], [`/traces/${traceId}?format=rows`, 400], [`/traces/${'1'.repeat(32)}?format=columns`, 404]] as const) expect((await as('viewer').get(path)).status, path).toBe(status)
})

test('of a trace beyond the limit the first spans are shown, and it is said', { timeout: 300_000 }, async () => {
  await using lab = await startTestCollector()
  const traceId = await sendTrace(lab, TRACE_COLUMNS_MAX + 100)
  const columns = await readTraceColumns(lab.db, 'local', traceId)
  expect(columns?.truncated).toBe(true)
  expect(columns?.spanIds).toHaveLength(TRACE_COLUMNS_MAX)
  expect(await readTraceColumns(lab.db, 'other', traceId)).toBeNull()
})
