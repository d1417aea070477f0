import { expect, test } from 'vitest'
import { sharesOf } from './use-measured.ts'

const at = (second: number) => new Date(Date.parse('2026-11-22T14:00:00Z') + second * 1000).toISOString()
const point = (second: number, requests: number) => ({ at: at(second), requests, errors: 0, refused: 0, tokens: { input: 0, output: 0 }, inFlight: 0, p50Ms: null, p95Ms: null, p99Ms: null })
const NONE = { requests: 0, errors: 0, refused: 0, tokens: { input: 0, output: 0 }, latencyMs: null }

test('shares add up to 100 at each step, and nothing is drawn where nobody called', () => {
  const series = { from: at(0), to: at(30), stepMs: 10_000, total: NONE, series: [{ version: 'v1', points: [point(0, 9), point(10, 0), point(20, 1)] }, { version: 'v2', points: [point(0, 1), point(10, 0)] }] }
  expect(sharesOf(series, ['v1', 'v2']).map((each) => each.shares)).toEqual([[90, 10], [null, null], [100, 0]])
  expect(sharesOf(series, ['v1', 'v2'])[0]?.at).toBe(Date.parse(at(5)))
})
