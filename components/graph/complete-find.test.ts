import { expect, test } from 'vitest'
import { completeFind } from './complete-find.ts'
import { viewGraph } from './figures.ts'
import { findInGraph } from './find.ts'
import { sampleGraph } from './sample-graph.ts'

const view = viewGraph(sampleGraph())
const texts = (line: string) => completeFind(line, view).map(({ text }) => text)

test.each([
  ['', ['edge', 'node', 'not']], ['ed', ['edge']], ['edge er', ['error']], ['edge error ', ['>=', '<=', '!=', '=', '>', '<']], ['edge error > ', ['1 %', '5 %', '50 %']],
  ['kind = ', ['agent']], ['health = fa', ['failing']], ['kind ', ['!=', '=', '~']], ['health = failing ', ['and', 'or']], ['health = failing and he', ['health']], ['nonsense ', ['and', 'or']],
])('after %j', (line, offered) => expect(texts(line)).toEqual(expect.arrayContaining(offered)))

test('names of this graph are offered, and whatever is taken to the end can be read', () => {
  expect(texts('name = ')).toEqual(view.nodes.map(({ name }) => name).sort())
  for (const { line } of completeFind('p95 > ', view)) expect(findInGraph(view, line)).toMatchObject({ state: 'found' })
})

test.each(['((((', '"', 'label.', '= = =', 'edge edge edge', '\u0000', 'not not '])('%j offers something or nothing, and never fails', (line) => expect(Array.isArray(completeFind(line, view))).toBe(true))
