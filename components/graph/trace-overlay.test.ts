import { expect, test } from 'vitest'
import { span } from '#components/trace/testing.ts'
import { viewGraph } from './figures.ts'
import { sampleGraph } from './sample-graph.ts'
import { layTrace } from './trace-overlay.ts'

test('a trace lights the edges that it went over, with its calls on them; what the graph has no edge for is counted', () => {
  const view = viewGraph(sampleGraph())
  const [edge] = view.edges
  const [from, to] = [view.byId.get(edge!.source)!.name, view.byId.get(edge!.target)!.name]
  const overlay = layTrace(view, [
    span('a', null, 0, 100, { service: from }),
    span('t', 'a', 9, 42, { service: from, genAi: { operation: 'execute_tool', agent: null, model: null, tool: 'search', conversation: null, inputTokens: null, outputTokens: null, messages: [] } }),
    span('b', 't', 10, 40, { service: from, kind: 'client' }), span('c', 'b', 12, 30, { service: to, kind: 'server' }),
    span('d', 'a', 60, 20, { service: to, status: 'error' }),
    span('e', 'a', 80, 5, { service: 'nobody-else' }),
  ])
  expect(overlay.view.edges.filter((each) => each.trace !== null).map((each) => [each.id, each.trace])).toEqual([[edge!.id, { calls: 2, failed: 1, tookMs: 60 }]])
  expect(overlay).toMatchObject({ calls: 3, missing: 1, found: { state: 'found' } })
  expect(overlay.found.state === 'found' && [...overlay.found.lit.nodes].sort()).toEqual([edge!.source, edge!.target].sort())
})
