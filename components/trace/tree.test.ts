import { expect, test } from 'vitest'
import type { Span } from '#server/contracts/telemetry.ts'
import { ancestorsOf, buildTree, collapsedBelow, visibleRows } from './tree.ts'
import { span } from './testing.ts'

const shape = (spans: Span[], collapsed: number[] = []) => visibleRows(buildTree(spans, 0), new Set(collapsed)).map((row) => `${' '.repeat(row.depth)}${spans[row.index]?.spanId}`)

test('children stand under their parent, in order of start', () => {
  expect(shape([span('b', 'a', 5), span('a', null, 0), span('c', 'a', 1), span('d', 'c', 2)])).toEqual(['a', ' c', '  d', ' b'])
})

test('a collapsed span hides what is below it', () => {
  const spans = [span('a', null, 0), span('b', 'a', 1), span('c', 'b', 2), span('d', 'a', 3)]
  expect(shape(spans, [1])).toEqual(['a', ' b', ' d'])
  expect([...collapsedBelow(buildTree(spans, 0), 1)]).toEqual([1])
})

test('a span whose parent is not here is a root and is marked', () => {
  const tree = buildTree([span('a', 'gone', 0), span('b', 'a', 1)], 0)
  expect(tree.roots).toEqual([0])
  expect(tree.orphans).toEqual(new Set([0]))
})

test('circles, self-parents and doubled ids are drawn once each and end', () => {
  expect(shape([span('a', 'b', 0), span('b', 'a', 1)]).map((row) => row.trim()).sort()).toEqual(['a', 'b'])
  expect(shape([span('a', 'a', 0)])).toEqual(['a'])
  expect(shape([span('a', null, 0), span('a', null, 1), span('b', 'a', 2)])).toEqual(['a', ' b', 'a'])
  expect(shape([span('x', 'y', 0), span('y', 'z', 0), span('z', 'y', 0)])).toHaveLength(3)
})

test('a chain of 10,000 spans and a fan of 10,000 are laid out within a moment', () => {
  const chain = Array.from({ length: 10_000 }, (_, index) => span(`s${index}`, index ? `s${index - 1}` : null, index))
  const fan = Array.from({ length: 10_000 }, (_, index) => span(`s${index}`, index ? 's0' : null, index))
  const start = performance.now()
  expect(visibleRows(buildTree(chain, 0), new Set()).at(-1)?.depth).toBe(9999)
  expect(visibleRows(buildTree(fan, 0), new Set())).toHaveLength(10_000)
  expect(performance.now() - start).toBeLessThan(1000)
  expect(ancestorsOf(buildTree(chain, 0), 9999)).toHaveLength(9999)
})
