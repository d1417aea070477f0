import { expect, test } from 'vitest'
import { chooseMine, mergeObjects } from './merge.ts'

const base = { rules: [{ weight: 90 }, { weight: 10 }], hostnames: ['a'] }

test('changes in different places are both kept', () => {
  const mine = { ...base, hostnames: ['b'] }
  const theirs = { ...base, rules: [{ weight: 50 }, { weight: 50 }] }
  expect(mergeObjects(base, mine, theirs)).toEqual({ merged: { rules: theirs.rules, hostnames: ['b'] }, conflicts: [] })
})

test('one place changed twice asks, and a choice decides it', () => {
  const mine = { ...base, rules: [{ weight: 80 }, { weight: 20 }] }
  const theirs = { ...base, rules: [{ weight: 50 }, { weight: 50 }] }
  const merge = mergeObjects(base, mine, theirs)
  expect(merge.conflicts.map((conflict) => conflict.pointer)).toEqual(['/rules/0/weight', '/rules/1/weight'])
  expect(merge.merged).toEqual(theirs)
  expect(chooseMine(merge, new Set(['/rules/0/weight', '/rules/1/weight']))).toEqual(mine)
})

test('a field that one side removed and nobody else touched is gone', () => {
  expect(mergeObjects({ a: 1, b: 2 }, { a: 1 }, { a: 3, b: 2 })).toEqual({ merged: { a: 3 }, conflicts: [] })
})

test('a field removed here and changed there is a conflict, never lost silently', () => {
  const merge = mergeObjects({ a: 1 }, {}, { a: 2 })
  expect(merge.conflicts).toEqual([{ pointer: '/a', base: 1, mine: undefined, theirs: 2 }])
  expect(chooseMine(merge, new Set(['/a']))).toEqual({})
})

test('lists of changed length on both sides are one place', () => {
  expect(mergeObjects([1], [1, 2], [1, 3]).conflicts).toHaveLength(1)
})
