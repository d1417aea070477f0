import { expect, test } from 'vitest'
import { diffLines } from './line-diff.ts'

test('a changed line stands beside its old form, the rest is folded', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'weight: 90', 'f'].join('\n')
  const rows = diffLines(before, before.replace('90', '50'), 1)
  expect(rows).toEqual([
    { kind: 'folded', lines: 4 },
    { kind: 'same', left: 'e', right: 'e', leftLine: 5, rightLine: 5 },
    { kind: 'changed', left: 'weight: 90', right: 'weight: 50', leftLine: 6, rightLine: 6 },
    { kind: 'same', left: 'f', right: 'f', leftLine: 7, rightLine: 7 },
  ])
})

test('created, deleted, equal', () => {
  expect(diffLines('', 'a\n')).toEqual([{ kind: 'changed', left: null, right: 'a', leftLine: null, rightLine: 1 }])
  expect(diffLines('a\n', '')).toEqual([{ kind: 'changed', left: 'a', right: null, leftLine: 1, rightLine: null }])
  expect(diffLines('a\nb', 'a\nb')).toEqual([{ kind: 'folded', lines: 2 }])
})

test('both sides can be read back from the rows', () => {
  const left = 'x a b c d e y'.split(' ')
  const right = 'a q c e r y z'.split(' ')
  const rows = diffLines(left.join('\n'), right.join('\n'), 99)
  expect(rows.flatMap((row) => (row.kind !== 'folded' && row.left !== null ? [row.left] : []))).toEqual(left)
  expect(rows.flatMap((row) => (row.kind !== 'folded' && row.right !== null ? [row.right] : []))).toEqual(right)
})
