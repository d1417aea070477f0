import { expect, test } from 'vitest'
import { durationBars } from './duration-bars.ts'

const trace = (durationMs: number, errors = 0) => ({ durationMs, errors })

test.each([[[]], [[trace(0)]], [[trace(5), trace(5), trace(5)]], [[trace(0.001), trace(3_600_000, 1)]], [Array.from({ length: 500 }, (_, index) => trace(1.02 ** index, index % 2))]])('every trace is in one bar, and bars touch', (traces) => {
  const bars = durationBars(traces)
  expect(bars.length).toBeLessThanOrEqual(24)
  expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(traces.length)
  expect(bars.reduce((sum, bar) => sum + bar.failed, 0)).toBe(traces.filter(({ errors }) => errors > 0).length)
  bars.slice(1).forEach((bar, index) => expect(bar.from).toBeCloseTo(bars[index]!.to, 6))
})
