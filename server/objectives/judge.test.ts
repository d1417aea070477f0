import { expect, test } from 'vitest'
import { judge, thresholdOf, type Count, type Counts } from './judge.ts'

const spec = { percent: 99, window: '7d' } as const
const of = (calls: number, bad = 0): Count => ({ calls, good: calls - bad })
const quiet = of(1000)
const counts = (parts: Partial<Counts>): Counts => ({ '5m': quiet, '30m': quiet, '1h': quiet, '6h': quiet, window: quiet, ...parts })

test('thresholds are 2 % of the budget in an hour and 5 % in six, for any window', () => {
  expect(thresholdOf(spec, 'fast')).toBeCloseTo(3.36)
  expect(thresholdOf(spec, 'slow')).toBeCloseTo(1.4)
  expect(thresholdOf({ window: '28d' }, 'fast')).toBeCloseTo(13.44)
})

test('burn is how many times faster than allowed bad calls come', () => {
  const { burn, budgetLeft, state } = judge(spec, counts({ '1h': of(1000, 20), '6h': of(1000, 10), window: of(1000, 5) }), null)
  expect(burn).toEqual({ '5m': 0, '30m': 0, '1h': expect.closeTo(2), '6h': expect.closeTo(1) })
  expect(budgetLeft).toBeCloseTo(0.5)
  expect(state).toBe('met')
})

test.each([
  ['nothing bad', {}, null, null],
  ['bad now and for an hour', { '5m': of(100, 10), '1h': of(1000, 50) }, null, 'fast'],
  ['bad for an hour, well again', { '1h': of(1000, 50) }, null, null],
  ['bad for five minutes of an hour', { '5m': of(100, 10), '1h': of(10_000, 10) }, null, null],
  ['a little bad for six hours', { '30m': of(500, 10), '6h': of(5000, 100) }, null, 'slow'],
  ['four bad calls of ten at night', { '5m': of(5, 4), '30m': of(5, 4), '1h': of(10, 4), '6h': of(10, 4) }, null, null],
  ['fast goes on while the last five minutes are bad', { '5m': of(100, 10) }, 'fast', 'fast'],
  ['fast goes on while nobody calls', { '5m': of(0), '1h': of(100, 50) }, 'fast', 'fast'],
  ['fast ends when calls go well', {}, 'fast', null],
  ['fast ends when nobody has called for an hour', { '5m': of(0), '30m': of(0), '1h': of(0) }, 'fast', null],
  ['slow becomes fast', { '5m': of(100, 10), '30m': of(500, 40), '1h': of(1000, 50), '6h': of(5000, 100) }, 'slow', 'fast'],
  ['fast does not become slow', { '30m': of(500, 20), '6h': of(5000, 100) }, 'fast', 'fast'],
] as const)('%s', (_, parts, running, speed) => {
  expect(judge(spec, counts(parts), running).speed).toBe(speed)
})

test('no calls for an hour is no data, an empty budget is spent, and an alert is more than either', () => {
  expect(judge(spec, counts({ '1h': of(0) }), null).state).toBe('no data')
  expect(judge(spec, counts({ window: of(0), '1h': of(0), '6h': of(0), '30m': of(0), '5m': of(0) }), null)).toMatchObject({ state: 'no data', budgetLeft: null, burn: { '5m': null } })
  expect(judge(spec, counts({ window: of(1000, 20) }), null)).toMatchObject({ state: 'spent', budgetLeft: 0 })
  expect(judge(spec, counts({ '5m': of(100, 10), '1h': of(1000, 50), window: of(1000, 20) }), null).state).toBe('burning')
})
