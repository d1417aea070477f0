import { expect, test } from 'vitest'
import { apportion, isExact, parseShare, parseSplit, setShare, strandsOf } from './split.ts'

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

test.each([
  [[90, 10], [90, 10]],
  [[1, 1], [50, 50]],
  [[1, 2], [33, 67]],
  [[1, 1, 1], [34, 33, 33]],
  [[0, 5], [0, 100]],
  [[0, 0], [0, 0]],
  [[1_000_000, 1], [100, 0]],
])('weights %j read as %j percent', (weights, shares) => expect(apportion(weights)).toEqual(shares))

test('every share of every backend leaves 100 in sum, for 2 to 16 backends', () => {
  for (let backends = 2; backends <= 16; backends += 1) {
    const start = apportion(Array.from({ length: backends }, (_, index) => (index * 7) % 5))
    for (let index = 0; index < backends; index += 1) {
      for (let share = 0; share <= 100; share += 1) {
        const next = setShare(start, index, share)
        expect(sum(next)).toBe(100)
        expect(next[index]).toBe(share)
        expect(next.every((value) => Number.isInteger(value) && value >= 0)).toBe(true)
      }
    }
  }
})

test('dragging to 100 and back gives the others what they had', () => {
  const start = [50, 30, 20]
  const full = setShare(start, 0, 100, start)
  expect(full).toEqual([100, 0, 0])
  expect(setShare(full, 0, 50, start)).toEqual(start)
})

test('others that had nothing divide the rest evenly', () => expect(setShare([100, 0, 0], 0, 40)).toEqual([40, 30, 30]))

test('percent are exact or say that they are not', () => {
  expect(isExact([3, 1])).toBe(true)
  expect(isExact([1, 2])).toBe(false)
  expect(isExact([0, 0])).toBe(false)
})

test.each([['50', 50], [' 7 %', 7], ['100%', 100], ['101', null], ['-1', null], ['1.5', null], ['', null], ['x', null]])('a person types %j', (text, share) =>
  expect(parseShare(text)).toBe(share))

test('a split in a URL is taken only when it fits', () => {
  expect(parseSplit('50-50', 2)).toEqual([50, 50])
  expect(parseSplit('50-50', 3)).toBeNull()
  expect(parseSplit('50-49', 2)).toBeNull()
  expect(parseSplit(null, 2)).toBeNull()
})

test('one percent still has a thread, and the bundle keeps its width', () => {
  expect(strandsOf([99, 1], 24)).toEqual([23, 1])
  expect(strandsOf([100, 0], 24)).toEqual([24, 0])
  expect(sum(strandsOf([94, 1, 1, 1, 1, 1, 1], 24))).toBe(24)
})
