import { expect, test } from 'vitest'
import { compareJudged, signTest } from './compare.ts'
import type { Judged } from './evaluate.ts'

test.each([[0, 0, 1], [1, 0, 1], [5, 0, 1 / 16], [0, 5, 1 / 16], [5, 5, 1], [8, 2, 0.109375], [3000, 2000, 0]])('%i better and %i worse come by chance with %f', (better, worse, chance) => {
  expect(signTest(better, worse)).toBeCloseTo(chance, 10)
})

test('what a second configuration changes is counted and listed', () => {
  const judged = (agent: string | null, chosen: string | null): Judged => ({ task: { task: `for ${agent}`, agent }, chosen, nearest: chosen, confidence: 0.5, durationMs: 1 })
  const now = [judged('a', 'a'), judged('a', 'b'), judged('b', null), judged(null, null), judged('b', 'a')]
  const then = [judged('a', 'b'), judged('a', 'a'), judged('b', 'b'), judged(null, null), judged('b', null)]
  const { better, worse, byChance, changed, other } = compareJudged(now, then)
  expect([better, worse, byChance]).toEqual([2, 1, 1])
  expect(changed).toEqual([
    { task: 'for a', wanted: 'a', chosen: 'a', other: 'b' }, { task: 'for a', wanted: 'a', chosen: 'b', other: 'a' },
    { task: 'for b', wanted: 'b', chosen: null, other: 'b' }, { task: 'for b', wanted: 'b', chosen: 'a', other: null },
  ])
  expect(other).toMatchObject({ tasks: 5, accuracyWithFallback: 3 / 5 })
  expect(other).not.toHaveProperty('latencyMs')
})
