import { expect, test } from 'vitest'
import { criticalPath, slowestService } from './critical-path.ts'
import { buildTree } from './tree.ts'
import { span } from './testing.ts'

test('the path follows what the end waited for, and covers the root without a gap', () => {
  const tree = buildTree([span('a', null, 0, 100, { service: 'root' }), span('b', 'a', 10, 30), span('c', 'a', 20, 60, { service: 'slow' }), span('d', 'c', 30, 10)], 100)
  const path = criticalPath(tree)
  expect(path.map(({ index, fromMs, toMs }) => [tree.spans[index]?.spanId, fromMs, toMs])).toEqual([['a', 0, 20], ['c', 20, 30], ['d', 30, 40], ['c', 40, 80], ['a', 80, 100]])
  expect(slowestService(tree, path)).toEqual({ service: 'slow', share: 0.5 })
})

test('a child that outlives its parent counts to the parent’s end, and an empty trace ends', () => {
  expect(criticalPath(buildTree([span('a', null, 0, 10), span('b', 'a', 5, 4.5), span('c', 'b', 6, 30)], 10)).map(({ index, fromMs, toMs }) => [index, fromMs, toMs])).toEqual([[0, 0, 5], [1, 5, 6], [2, 6, 9.5], [0, 9.5, 10]])
  expect(criticalPath(buildTree([], 0))).toEqual([])
  expect(slowestService(buildTree([], 0), [])).toBeNull()
})
