import { describe, expect, test } from 'vitest'
import type { GraphEdge } from '#server/contracts/telemetry.ts'
import { compareGraphs, windowBefore } from './compare.ts'
import { viewGraph } from './figures.ts'
import { findInGraph } from './find.ts'
import { graphEdge, graphNode, sampleGraph } from './sample-graph.ts'

const NOW = Date.parse('2026-11-01T12:00:00.000Z')

function graphOf(edges: GraphEdge[], names = ['orchestrator', 'writer', 'translator', 'sample-llm']) {
  return { ...sampleGraph(), nodes: names.map((name) => graphNode(name)), edges }
}

/** How one edge of 1,440 calls, 0 errors and a p95 of 96 ms compares with what it became. */
function changeOf(over: Partial<GraphEdge>, was: Partial<GraphEdge> = {}) {
  return compareGraphs(viewGraph(graphOf([graphEdge('orchestrator', 'writer', over)])), graphOf([graphEdge('orchestrator', 'writer', was)])).edges[0]?.change
}

describe('the window to compare with', () => {
  test.each([
    ['before', '2026-11-01T11:30:00.000Z', '2026-11-01T11:45:00.000Z'],
    ['hour', '2026-11-01T10:45:00.000Z', '2026-11-01T11:00:00.000Z'],
    ['day', '2026-10-31T11:45:00.000Z', '2026-10-31T12:00:00.000Z'],
    ['week', '2026-10-25T11:45:00.000Z', '2026-10-25T12:00:00.000Z'],
  ] as const)('%s is as long as the one that is shown', (comparison, from, to) => {
    expect(windowBefore({ kind: 'window', window: '15m' }, comparison, NOW)).toEqual({ from, to })
  })

  test('of a fixed piece of the past is counted from its end, whatever the time is now', () => {
    expect(windowBefore({ kind: 'fixed', from: '2026-11-01T08:00:00.000Z', to: '2026-11-01T09:00:00.000Z' }, 'before', NOW)).toEqual({ from: '2026-11-01T07:00:00.000Z', to: '2026-11-01T08:00:00.000Z' })
  })
})

describe('what differs', () => {
  test.each([
    ['nothing', {}, {}, 'same', ''],
    ['a few errors among many calls', { errors: 4 }, {}, 'same', ''],
    ['errors beyond chance', { errors: 72 }, {}, 'worse', 'errors 0 % → 5 %'],
    ['errors that went away', {}, { errors: 72 }, 'better', 'errors 5 % → 0 %'],
    ['half of four calls that fail', { requests: 4, errors: 2 }, { requests: 4 }, 'same', ''],
    ['a p95 of twice', { latencyMs: { p50: 41, p95: 192, p99: 300 } }, {}, 'worse', 'p95 96 ms → 192 ms'],
    ['a p95 of three milliseconds more', { latencyMs: { p50: 1, p95: 5, p99: 9 } }, { latencyMs: { p50: 1, p95: 2, p99: 3 } }, 'same', ''],
    ['three times the calls', { requests: 4320 }, {}, 'busier', '4.8/s → 14.4/s'],
    ['a third of the calls', { requests: 480 }, {}, 'quieter', '4.8/s → 1.6/s'],
    ['three calls where there was one', { requests: 3 }, { requests: 1 }, 'same', ''],
    ['more calls and more errors', { requests: 4320, errors: 432 }, {}, 'worse', 'errors 0 % → 10 %, 4.8/s → 14.4/s'],
    ['calls where there were none', {}, { requests: 0 }, 'new', 'new'],
    ['no calls where there were some', { requests: 0 }, {}, 'gone', 'was 4.8/s'],
  ] as const)('%s', (_, now, before, kind, says) => {
    expect(changeOf(now, before)).toMatchObject({ kind, says })
  })

  test('an edge that came and one that went, with the node that went with it; both can be found', () => {
    const view = compareGraphs(viewGraph(graphOf([graphEdge('orchestrator', 'writer')], ['orchestrator', 'writer'])), graphOf([graphEdge('orchestrator', 'translator')], ['orchestrator', 'translator']))
    expect(view.edges.map(({ id, change, requests }) => [id, change?.kind, requests])).toEqual([['orchestrator→writer', 'new', 1440], ['orchestrator→translator', 'gone', 0]])
    expect(view.byId.get('agent/default/translator')).toMatchObject({ health: 'idle', received: { requests: 0 } })
    expect(view.compared).toMatchObject({ known: true, counts: { new: 1, gone: 1, same: 0 } })
    const gone = findInGraph(view, 'edge change = gone')
    expect(gone.state === 'found' && [...gone.edges]).toEqual(['orchestrator→translator'])
  })

  test('where nothing was counted nothing is claimed', () => {
    const view = compareGraphs(viewGraph(sampleGraph()), graphOf([]))
    expect(view.edges.map((edge) => edge.change)).toEqual([null, null, null])
    expect(view.compared?.known).toBe(false)
  })
})
