import { expect, test } from 'vitest'
import { quantilesMs } from '#server/otlp/sketch.ts'
import { advance, spread, type Advance } from './deltas.ts'
import type { Reading } from './flush.ts'

function reading(timeMs: number, values: Record<string, number>, start = 1, counts: number[] = []): Reading {
  return { start, timeMs, values, bounds: [10, 100], counts }
}

/** Requests of each step, in order. */
function requestsOf(readings: readonly Reading[], absentAt: readonly number[] = []): (number | null)[] {
  let state: Reading | null = null
  return readings.map((now, index) => {
    const step: Advance = advance(state, now, absentAt.includes(index))
    state = step.state
    return step.delta?.counts.requests ?? null
  })
}

test.each([
  ['what was there at the first sight, then what grew', [reading(1, { r2: 5 }), reading(2, { r2: 9, r5: 2 }), reading(3, { r2: 9, r5: 2 })], [5, 6, 0]],
  ['a restart counts from nothing', [reading(1, { r2: 100 }), reading(2, { r2: 3 }, 2)], [100, 3]],
  ['a restart to a higher value too', [reading(1, { r2: 100 }), reading(2, { r2: 150 }, 2)], [100, 150]],
  ['a late export counts nothing', [reading(1, { r2: 10 }), reading(3, { r2: 30 }), reading(2, { r2: 20 }), reading(4, { r2: 31 })], [10, 20, null, 1]],
  ['a late export of a process that is gone counts nothing', [reading(1, { r2: 10 }, 1), reading(2, { r2: 1 }, 2), reading(3, { r2: 12 }, 1), reading(4, { r2: 2 }, 2)], [10, 1, null, 1]],
  ['a value that steps back makes no peak', [reading(1, { r2: 1000 }), reading(2, { r2: 999 }), reading(3, { r2: 1001 })], [1000, 0, 2]],
  ['the same export twice counts once', [reading(1, { r2: 7 }), reading(1, { r2: 7 })], [7, 0]],
  ['an export in parts', [reading(1, { r2: 7 }), reading(1, { r5: 2 }), reading(2, { r2: 8, r5: 2 })], [7, 2, 1]],
  ['a lost export is made good by the next', [reading(1, { r2: 7 }), reading(9, { r2: 70 })], [7, 63]],
])('%s', (_name, readings, requests) => {
  expect(requestsOf(readings)).toEqual(requests)
})

test('a counter that was gone and came back lower is a new one', () => {
  expect(requestsOf([reading(1, { r2: 50 }), reading(9, { r2: 4 })], [1])).toEqual([50, 4])
})

test('the share of mTLS is that of the connections that came about', () => {
  const values = { r2: 10, connections: 5, connectFails: 1, handshakes: 4 }
  expect(advance(null, reading(1, values), false).delta?.counts.mtls).toBe(10)
  expect(advance(null, reading(1, { ...values, handshakes: 0 }), false).delta?.counts.mtls).toBe(0)
  expect(advance(null, reading(1, { r5: 10, connections: 2, connectFails: 2 }), false).delta?.counts.mtls).toBe(10) // nobody was reached, so nobody in the clear
})

test.each<[string, Record<string, number>[], number[]]>([
  ['connections come in a later part of the export', [{ r2: 5 }, { connections: 1, handshakes: 1 }, { r2: 8 }], [0, 5, 3]],
  ['the same in the clear', [{ r2: 5 }, { connections: 1 }, { r2: 8 }], [0, 0, 0]],
  ['connections come first, requests without them', [{ connections: 1, handshakes: 1 }, { r2: 5 }], [0, 5]],
  ['nobody is there, and nothing counts connections', [{ r5: 2 }, { r5: 4 }], [2, 2]],
])('%s: what is over mutual TLS is said once it is known', (_, parts, secured) => {
  let before: Reading | null = null
  const counted = parts.map((values) => {
    const { state, delta } = advance(before, reading(1, values), false)
    before = state
    return delta?.counts.mtls
  })
  expect(counted).toEqual(secured)
})

test('latency is what grew in each bucket, at its middle', () => {
  const before = reading(1, {}, 1, [100, 0, 0])
  const { delta } = advance(before, reading(2, {}, 1, [100, 3, 1]), false)
  const quantiles = quantilesMs(delta!.latency, [0.5, 1])
  expect(quantiles?.[0]).toBeCloseTo(55, -1)
  expect(quantiles?.[1]).toBeCloseTo(100, -1)
})

test('spreading keeps the sum', () => {
  expect(spread(7, 3)).toEqual([2, 2, 3])
  expect(spread(0, 4)).toEqual([0, 0, 0, 0])
})
