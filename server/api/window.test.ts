import { expect, test } from 'vitest'
import { readWindow } from './window.ts'

const NOW = Date.parse('2026-06-01T00:00:00Z')

test.each([
  [{ window: '5m', from: '2026-05-01T00:00:00Z' }, 'not both'],
  [{ window: 'nonsense' }, 'the window “nonsense” is not one such as'],
  [{ window: '0m' }, 'the window “0m” is not one such as'],
  [{ from: '2026-05-02T00:00:00Z', to: '2026-05-01T00:00:00Z' }, 'ends before it begins'],
  [{ from: '2020-01-01T00:00:00Z' }, 'at most 400 days'],
  [{ from: '2999-01-01T00:00:00Z', to: '2999-01-02T00:00:00Z' }, 'lies in the future'],
])('the window %j is refused', (asked, reason) => {
  expect(() => readWindow(asked, '5m', NOW)).toThrow(reason)
})

test('a length counts back from now, or from the end that is given', () => {
  expect(readWindow({}, '5m', NOW)).toEqual({ from: new Date(NOW - 300_000), to: new Date(NOW) })
  expect(readWindow({ to: '2026-05-01T00:00:00Z' }, '1d', NOW).from).toEqual(new Date('2026-04-30T00:00:00Z'))
})
