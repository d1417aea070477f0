import { expect, test } from 'vitest'
import { viewGraph } from './figures.ts'
import { groupGraph, parseGroupBy } from './group.ts'
import { motionOf } from './motion.ts'
import { graphEdge, graphNode } from './sample-graph.ts'

const view = viewGraph({
  from: '2026-11-01T12:00:00.000Z',
  to: '2026-11-01T12:00:10.000Z',
  nodes: [graphNode('a'), graphNode('b', { health: 'failing' }), graphNode('c', { id: 'agent/sales/c', namespace: 'sales' })],
  edges: [graphEdge('a', 'b'), { ...graphEdge('a', 'c', { requests: 60 }), target: 'agent/sales/c' }, { ...graphEdge('b', 'c', { requests: 40, errors: 20 }), target: 'agent/sales/c' }],
})

test('groups carry their members worst first, and one edge between two groups', () => {
  const { groups, edges } = groupGraph(view, 'namespace')
  expect(groups.map((group) => [group.name, group.health, group.members.map((node) => node.name)])).toEqual([
    ['default', 'failing', ['b', 'a']],
    ['sales', 'healthy', ['c']],
  ])
  expect(edges.map((edge) => [edge.source, edge.target, edge.requests, edge.errors, edge.figures.perSecond, edge.health])).toEqual([['group/default', 'group/sales', 100, 20, 10, 'failing']])
})

test('many nodes are grouped unless the URL says otherwise', () => {
  expect([parseGroupBy(null, 12), parseGroupBy(null, 200), parseGroupBy('none', 200), parseGroupBy('label:team', 3), parseGroupBy('nonsense', 3)]).toEqual(['none', 'namespace', 'none', 'label:team', 'none'])
})

test('dots go faster with the rate and stand still without calls; a small change changes nothing', () => {
  expect(motionOf(0)).toBeNull()
  expect(motionOf(100)?.seconds).toBeLessThan(motionOf(1)?.seconds ?? 0)
  expect(motionOf(4.8)).toEqual(motionOf(5.1))
})

test('an open group shows its agents, and one edge from each to a closed group', () => {
  const { groups, nodes, edges } = groupGraph(view, 'namespace', 'default')
  expect([groups.map((group) => group.id), nodes.map((node) => node.name)]).toEqual([['group/sales'], ['a', 'b']])
  expect(edges.map((edge) => `${edge.source} ${edge.target}`)).toEqual(['agent/default/a agent/default/b', 'agent/default/a group/sales', 'agent/default/b group/sales'])
})
