import { expect, test } from 'vitest'
import { compareTrees, differenceOf, differing, mostChanged } from './compare.ts'
import { span } from './testing.ts'
import { buildTree } from './tree.ts'

const tree = (...spans: Parameters<typeof buildTree>[0][number][]) => buildTree(spans, 0)
const first = tree(
  span('a', null, 0, 100), span('b', 'a', 10, 30, { service: 'llm', name: 'chat' }), span('c', 'a', 50, 10, { service: 'tools', name: 'search' }), span('d', 'a', 62, 10, { service: 'tools', name: 'search' }), span('e', 'a', 80, 5, { name: 'old' }),
)
const second = tree(
  span('1', null, 0, 300), span('2', '1', 10, 230, { service: 'llm', name: 'chat' }), span('3', '2', 20, 10, { service: 'llm', name: 'wait' }), span('4', '1', 250, 20, { service: 'tools', name: 'search', status: 'error' }), span('5', '1', 280, 5, { name: 'new' }),
)
const rows = compareTrees([first, second])

test('the same work stands in one row; what only one trace has is there too, in order of time', () => {
  expect(rows.map((row) => `${' '.repeat(row.depth)}${row.service} ${row.name} ${row.spans.join(':')} ${differenceOf(row)}`)).toEqual([
    'writer invoke_agent 1:1 slower', ' llm chat 1:1 slower', '  llm wait 0:1 only-second', ' tools search 2:1 failed', ' writer old 1:0 only-first', ' writer new 0:1 only-second',
  ])
})

test('own time is what no child was at work in, and names where the difference comes from', () => {
  expect(rows[0]?.ownMs).toEqual([100 - 30 - 10 - 10 - 5, 300 - 230 - 20 - 5])
  expect(mostChanged(rows)).toMatchObject({ row: { name: 'chat' }, ms: 220 - 30 })
  expect(mostChanged(compareTrees([first, first]))).toBeNull()
})

test('a trace against itself differs in nothing; else rows that differ keep those above them', () => {
  expect(differing(compareTrees([second, second]))).toEqual([])
  const [slow, fast] = [tree(span('a', null, 0, 100), span('b', 'a', 0, 90, { name: 'x' }), span('c', 'b', 0, 10, { name: 'y' }), span('e', 'a', 95, 1, { name: 'z' })), tree(span('a', null, 0, 100), span('b', 'a', 0, 90, { name: 'x' }), span('c', 'b', 0, 40, { name: 'y' }), span('e', 'a', 95, 1, { name: 'z' }))]
  expect(differing(compareTrees([slow, fast])).map((row) => row.name)).toEqual(['invoke_agent', 'x', 'y'])
})

test('chains of 10,000 spans end, at the limit of rows', () => {
  const chain = tree(...Array.from({ length: 10_000 }, (_, index) => span(`s${index}`, index ? `s${index - 1}` : null, index, 1)))
  expect(compareTrees([chain, chain])).toHaveLength(5000)
})
