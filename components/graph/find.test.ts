import { describe, expect, test } from 'vitest'
import { viewGraph } from './figures.ts'
import { findInGraph } from './find.ts'
import { sampleGraph } from './sample-graph.ts'

const view = viewGraph(sampleGraph())

function found(source: string): { nodes: string[]; edges: string[] } | string {
  const result = findInGraph(view, source)
  if (result.state !== 'found') return result.state === 'wrong' ? result.says : 'none'
  const short = (ids: Set<string>) => [...ids].map((id) => id.replaceAll('agent/default/', '')).toSorted()
  return { nodes: short(result.nodes), edges: short(result.edges) }
}

describe('a find expression', () => {
  test.each([
    ['edge error > 1%', [], ['writer→sample-llm']],
    ['edge error > 1 %', [], ['writer→sample-llm']],
    ['edge errors > 0 and p95 < 300 ms', [], ['orchestrator→writer', 'writer→sample-llm']],
    ['node kind = model', ['sample-llm'], []],
    ['trans', ['translator'], []],
    ['"default/tr"', ['translator'], []],
    ['v2', ['translator'], []],
    ['from = writer or to = writer', [], ['orchestrator→writer', 'writer→sample-llm']],
    ['node not kind = agent', ['sample-llm'], []],
    ['label.team = prose', ['writer'], []],
    ['edge p95 >= 0.2s', [], ['orchestrator→writer']],
    ['(node name = writer) or (node name = translator)', ['translator', 'writer'], []],
    ['edge mtls < 100%', [], ['orchestrator→translator']],
    ['edge requests > 200/min', [], ['orchestrator→translator', 'orchestrator→writer', 'writer→sample-llm']],
  ])('%s', (source, nodes, edges) => {
    expect(found(source)).toEqual({ nodes, edges })
  })

  test.each([
    ['edge eror > 1%', '“eror” is nothing that a node or an edge has.'],
    ['edge error >', 'After “error >” a value is missing, such as 1 %.'],
    ['error > fast', '“fast” is not a share such as 1 %.'],
    ['p95 > 3%', '“3%” is not a time such as 250 ms.'],
    ['(writer', 'A “)” is missing.'],
    ['writer)', 'There is a “)” without its “(”.'],
    ['> 3', 'Before “>” stands what to compare'],
    ['writer or', 'Something is missing at the end.'],
  ])('%s is refused in words', (source, says) => {
    expect(found(source)).toContain(says)
  })

  test('lights the ends of an edge that matches, and counts what matches', () => {
    const result = findInGraph(view, 'edge error > 1%')
    expect(result.state === 'found' && [result.lit.nodes.size, result.says]).toEqual([2, '1 edge'])
  })

  test('hostile input ends in a sentence', () => {
    for (const source of ['('.repeat(400), 'not '.repeat(120), '"', '!', '%%%', '\u0000']) expect(() => findInGraph(view, source)).not.toThrow()
  })
})
