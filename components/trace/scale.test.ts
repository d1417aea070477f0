import { expect, test } from 'vitest'
import { parseDuration, placeIn, printDuration, ticksOf, zoom } from './scale.ts'

test.each([[1284, '1.28 s'], [166, '166 ms'], [0.4, '400 µs'], [0.0123, '12.3 µs'], [0, '0 ms'], [125_000, '2 min 5 s'], [999.9, '1 s'], [3_720_000, '1 h 2 min']])('%f ms reads %s', (ms, text) =>
  expect(printDuration(ms)).toBe(text))

test('ticks are round and inside the window', () => {
  expect(ticksOf({ fromMs: 0, toMs: 1284 }, 4)).toEqual([0, 500, 1000])
  expect(ticksOf({ fromMs: 330, toMs: 470 }, 4)).toEqual([350, 400, 450])
  expect(ticksOf({ fromMs: 5, toMs: 5 }, 4)).toEqual([5])
})

test('a span outside the window is not drawn, one that crosses its edge is cut there', () => {
  expect(placeIn({ fromMs: 100, toMs: 200 }, 0, 50)).toBeNull()
  expect(placeIn({ fromMs: 100, toMs: 200 }, 50, 100)).toEqual({ left: 0, width: 0.5 })
})

test('zooming stays inside the trace', () => {
  const whole = { fromMs: 0, toMs: 1000 }
  expect(zoom(whole, whole, 2)).toEqual(whole)
  expect(zoom(whole, whole, 0.5, 0)).toEqual({ fromMs: 0, toMs: 500 })
  expect(zoom({ fromMs: 0, toMs: 0.01 }, whole, 0.001).toMs).toBeGreaterThan(0)
})

test.each([['200', 200], ['1.5s', 1500], [' 2 min', 120_000], ['30us', 0.03], ['', null], ['fast', null], ['-1', null]])('a person types %j as a duration', (text, ms) => expect(parseDuration(text)).toBe(ms))
