import { expect, test } from 'vitest'
import { nearness } from './locality.ts'

test.each([
  ['a', 'a', 2],
  ['eu/a', 'eu/a', 2],
  ['eu/a', 'eu/b', 1],
  ['eu/a', 'us/a', 0],
  ['a', 'b', 0],
  ['', '', 0], // two that nobody placed are not together
  ['', 'eu/a', 0],
  ['/a', '/b', 1],
  ['eu', 'eu/a', 0],
])('from “%s”, “%s” is %i near', (from, to, expected) => {
  expect(nearness(from, to)).toBe(expected)
})
