import { expect, test } from 'vitest'
import { follows } from './TrafficFollows.tsx'

test.each([
  [[1012, 988], [50, 50], true],
  [[1200, 800], [50, 50], false],
  [[1980, 20], [99, 1], true],
  [[2000, 0], [100, 0], true],
  [[1999, 1], [100, 0], false],
])('%j calls at %j percent wanted: %s', (counts, wanted, expected) => expect(follows(counts, wanted)).toBe(expected))
