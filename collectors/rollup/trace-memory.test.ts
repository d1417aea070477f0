import { expect, test } from 'vitest'
import { KIND, PROTOCOL } from '../spans/row.ts'
import type { CallSpan } from './call-span.ts'
import { extendTrace, FULL, MEMORY, openTraceMemory, traceOf } from './trace-memory.ts'

const SERVICE = { id: 1, mesh: 'local', node: 'agent/default/a', namespace: 'default', version: 'v1' }

function span(spanId: string, fields: Partial<CallSpan> = {}): CallSpan {
  const kind = { id: 1, service: SERVICE, kind: KIND.client, status: 0, protocol: PROTOCOL.http, httpStatus: null, peer: 'b.example', operation: null, agent: null, model: null, tool: null }
  return { spanId, parentId: null, class: kind, timeUs: 1e6, durationUs: 1000, flags: 0, bytesSent: 0, bytesReceived: 0, inputTokens: 0, outputTokens: 0, ...fields }
}

test('the same spans twice, or their shorter beginnings, are the trace as it was', () => {
  const trace = traceOf([span('1'), span('2')])
  expect(trace.calls).toHaveLength(2)
  expect(extendTrace(trace, [span('1'), span('2')])).toBe(trace)
  expect(extendTrace(trace, [span('2', { durationUs: 10 })])).toBe(trace)
})

test('a span that has gone on takes the place of its beginning', () => {
  const longer = extendTrace(traceOf([span('1')]), [span('1', { durationUs: 7000 })])
  expect(longer.calls.map(({ durationUs }) => durationUs)).toEqual([7000])
})

test('a trace that is full counts nothing more and takes nothing back', () => {
  const limits = { ...MEMORY, traceSpansMax: 2 }
  const trace = traceOf([span('1'), span('2')])
  expect(extendTrace(trace, [span('3')], limits)).toBe(trace)
  expect(extendTrace(FULL, [span('3')])).toBe(FULL)
})

test('over its limit the memory lets go of the trace that was quiet longest', () => {
  const memory = openTraceMemory({ ...MEMORY, spansMax: 3 })
  for (const key of ['a', 'b', 'c']) memory.put(key, traceOf([span('1')]))
  memory.put('a', traceOf([span('1'), span('2')]))
  expect(['a', 'b', 'c'].map((key) => memory.get(key)?.spans.length)).toEqual([2, undefined, 1])
})
