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

test('over its limit the memory lets go of the traces that were quiet longest', () => {
  const memory = openTraceMemory({ ...MEMORY, spansMax: 4 })
  for (const key of ['a', 'b']) memory.put(key, traceOf([span('1')]))
  memory.put('a', traceOf([span('1'), span('2')]))
  for (const key of ['c', 'd']) memory.put(key, traceOf([span('1')]))
  expect(['a', 'b', 'c', 'd'].map((key) => memory.get(key)?.spans.length)).toEqual([2, 1, 1, 1])
  for (const key of ['e', 'f']) memory.put(key, traceOf([span('1')]))
  expect(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => memory.get(key)?.spans.length)).toEqual([undefined, undefined, 1, 1, 1, 1])
})

test('what is remembered comes back as it was', () => {
  const memory = openTraceMemory()
  const [root, below] = [span('\0\xff\x80abcde', { timeUs: 1.7e15 + 1, flags: 65 }), span('87654321', { parentId: '\0\xff\x80abcde', bytesSent: 2 ** 40, bytesReceived: 3, inputTokens: 4, outputTokens: 5 })]
  const trace = traceOf([root, below])
  memory.put('a', trace)
  memory.put('full', FULL)
  expect(memory.get('a')).toEqual(trace)
  const grown = extendTrace(memory.get('a')!, [span('abcdefgh')])
  memory.put('a', grown)
  expect(memory.get('a')).toBe(grown)
  expect(memory.get('full')).toBe(FULL)
  memory.clear()
  expect(memory.get('a')).toBeUndefined()
})
