import { describe, expect, test } from 'vitest'
import { layoutGraph, type LayoutNode, type Positions } from './layout.ts'

const node = (id: string): LayoutNode => ({ id, width: 148, height: 54 })
const nodes = ['a', 'b', 'c', 'd'].map(node)
const edges = [
  { source: 'a', target: 'b' },
  { source: 'a', target: 'c' },
  { source: 'c', target: 'd' },
]

function overlapping(all: readonly LayoutNode[], at: Positions): string[] {
  return all.flatMap((one, index) => all.slice(index + 1).filter((two) => Math.abs((at[one.id]?.x ?? 0) - (at[two.id]?.x ?? 0)) < 148 && Math.abs((at[one.id]?.y ?? 0) - (at[two.id]?.y ?? 0)) < 54).map((two) => `${one.id} ${two.id}`))
}

describe('the layout', () => {
  test('callers stand left of what they call', () => {
    const at = layoutGraph({ nodes, edges, kept: {}, direction: 'LR' })
    for (const edge of edges) expect(at[edge.source]?.x).toBeLessThan(at[edge.target]?.x ?? 0)
  })

  test('a new agent moves nobody, and stands on nobody', () => {
    const before = layoutGraph({ nodes, edges, kept: {}, direction: 'LR' })
    const more = [...nodes, ...['e', 'f', 'g', 'h', 'i'].map(node)]
    const after = layoutGraph({ nodes: more, edges: [...edges, { source: 'a', target: 'e' }, { source: 'c', target: 'f' }, { source: 'g', target: 'a' }], kept: before, direction: 'LR' })
    for (const id of ['a', 'b', 'c', 'd']) expect(after[id]).toEqual(before[id])
    expect(overlapping(more, after)).toEqual([])
  })

  test('one that leaves moves nobody', () => {
    const before = layoutGraph({ nodes, edges, kept: {}, direction: 'LR' })
    const after = layoutGraph({ nodes: nodes.slice(1), edges: edges.slice(1).filter((edge) => edge.source !== 'a'), kept: before, direction: 'LR' })
    expect(after).toEqual({ b: before.b, c: before.c, d: before.d })
  })

  test('a node that was dragged stays where it was put', () => {
    const before = { ...layoutGraph({ nodes, edges, kept: {}, direction: 'LR' }), b: { x: 900, y: -300 } }
    expect(layoutGraph({ nodes: [...nodes, node('e')], edges, kept: before, direction: 'LR' }).b).toEqual({ x: 900, y: -300 })
  })

  test('a cycle and an edge to nowhere are no trouble', () => {
    const at = layoutGraph({ nodes, edges: [...edges, { source: 'd', target: 'a' }, { source: 'a', target: 'a' }, { source: 'a', target: 'nowhere' }], kept: {}, direction: 'LR' })
    expect(Object.keys(at).toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })
})
