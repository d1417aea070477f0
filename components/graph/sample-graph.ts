// A small graph for tests of the graph room: four agents, one of them with two versions, one edge that fails.
import type { Graph, GraphEdge, GraphNode } from '#server/contracts/telemetry.ts'

export function graphNode(name: string, over: Partial<GraphNode> = {}): GraphNode {
  return { id: `agent/default/${name}`, kind: 'agent', namespace: 'default', name, version: null, health: 'healthy', labels: {}, versions: [], ...over }
}

export function graphEdge(source: string, target: string, over: Partial<GraphEdge> = {}): GraphEdge {
  return {
    id: `${source}→${target}`,
    source: `agent/default/${source}`,
    target: `agent/default/${target}`,
    protocol: 'a2a',
    requests: 1440,
    errors: 0,
    refused: 0,
    retries: 0,
    bytesSent: null,
    bytesReceived: null,
    durationMs: null,
    latencyMs: { p50: 41, p95: 96, p99: 140 },
    mtlsShare: 1,
    evidence: { mesh: { requests: 1440, errors: 0 }, spans: null },
    ...over,
  }
}

export function sampleGraph(): Graph {
  return {
    from: '2026-11-01T12:00:00.000Z',
    to: '2026-11-01T12:05:00.000Z',
    nodes: [
      graphNode('orchestrator'),
      graphNode('writer', { labels: { team: 'prose' }, health: 'degraded' }),
      graphNode('translator', { versions: [{ version: 'v1', requests: 1296, errors: 0 }, { version: 'v2', requests: 144, errors: 0 }] }),
      graphNode('sample-llm', { kind: 'model', health: 'failing' }),
    ],
    edges: [
      graphEdge('orchestrator', 'writer', { errors: 14, latencyMs: { p50: 100, p95: 203, p99: 300 } }),
      graphEdge('orchestrator', 'translator', { mtlsShare: 0.5 }),
      graphEdge('writer', 'sample-llm', { errors: 138, latencyMs: { p50: 30, p95: 74, p99: 90 } }),
    ],
  }
}
