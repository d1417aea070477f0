import { expect, test } from 'vitest'
import { sayCount, sayErrors, sayTime } from './differences.ts'

const then = 'the time before'
const total = (requests: number, errors: number) => ({ requests, errors, refused: 0, tokens: { input: 0, output: 0 }, latencyMs: null })

test.each([
  [100, 0, 'none in the time before'], [0, 0, 'none in the time before either'], [103, 100, 'about as in the time before'],
  [112, 100, '12 % more than in the time before'], [50, 100, '50 % less than in the time before'], [450, 100, '4.5 times as much as in the time before'],
])('%d calls against %d', (is, was, says) => expect(sayCount(is, was, then)).toBe(says))

test.each([
  [total(1000, 60), total(1000, 10), '+5.0 points against the time before'],
  [total(1000, 10), total(1000, 60), '−5.0 points against the time before'],
  [total(40, 2), total(40, 1), '+2.5 points against the time before, which may be chance'],
  [total(1000, 10), total(1000, 10), 'as in the time before'],
  [total(10, 1), total(0, 0), 'no calls in the time before'],
])('errors of two windows', (is, was, says) => expect(sayErrors(is, was, then)).toBe(says))

test.each([[130, 100, '30 % slower than in the time before'], [70, 100, '30 % faster than in the time before'], [101, 100, 'as fast as in the time before'], [400, 100, '4.0 times as long as in the time before'], [null, 100, ''], [100, null, 'no calls in the time before']])(
  'p95 %s against %s', (is, was, says) => expect(sayTime(is, was, then)).toBe(says))
