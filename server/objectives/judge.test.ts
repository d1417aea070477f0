import { expect, test } from 'vitest'
import { judge, thresholdOf, type Count, type Counts } from './judge.ts'

const spec = { indicator: { type: 'Success' }, percent: 99, window: '7d' } as const
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

const cost = (per: 'call' | 'hour') => ({ indicator: { type: 'Cost', atMost: 2, per }, window: '7d' }) as const
const costing = (calls: number, spent: number, unpricedTokens = 0): Count => ({ calls, good: 0, spent, unpricedTokens })

test('burn of a cost is how many times more than allowed was spent, for a call or for an hour', () => {
  const spent = { '5m': costing(10, 5), '30m': costing(10, 5), '1h': costing(100, 400), '6h': costing(100, 400), window: costing(1000, 1000) }
  expect(judge(cost('call'), spent, null)).toMatchObject({ burn: { '5m': 0.25, '1h': 2 }, budgetLeft: 0.5, state: 'met' })
  expect(judge(cost('hour'), spent, null)).toMatchObject({ burn: { '5m': expect.closeTo(30), '1h': 200, '6h': expect.closeTo(33.33, 1) }, budgetLeft: 0, state: 'burning', speed: 'fast' })
})

test('a cost that nobody can know is no data, and one that is nothing yet is none either', () => {
  const all = (count: Count) => counts({ '5m': count, '30m': count, '1h': count, '6h': count, window: count })
  expect(judge(cost('call'), all(costing(50, 0, 9000)), null)).toMatchObject({ state: 'no data', budgetLeft: null, burn: { '1h': null } })
  expect(judge(cost('hour'), all(costing(0, 0)), null).state).toBe('no data')
  expect(judge(cost('hour'), { ...all(costing(0, 0)), window: costing(9, 1) }, null).state).toBe('no data') // nothing in the last hour
  expect(judge(cost('call'), all(costing(4, 400)), null).speed).toBe(null) // four calls are too few to tell
})
