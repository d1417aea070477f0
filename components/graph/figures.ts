// What the edges of a window say about its nodes: rates, shares and states, computed once and used by graph, panel and table alike.
import { healthByErrors } from '#server/contracts/health.ts'
import type { Graph, GraphEdge, GraphNode, Health } from '#server/contracts/telemetry.ts'
import type { MarkState } from '#components/ui/StateMark.tsx'
import type { Compared, EdgeChange } from './compare.ts'
import type { EdgeInTrace } from './trace-overlay.ts'

export interface Figures {
  requests: number
  errors: number
  refused: number
  perSecond: number
  /** Null where nothing was asked. */
  errorShare: number | null
  p50: number | null
  p95: number | null
  p99: number | null
}

export interface EdgeView extends GraphEdge {
  figures: Figures
  health: Health
  /** What stands at it in words when it is not plain: no mTLS, seen by spans alone. */
  open: boolean
  /** Against the window it is compared with; null while it is not. */
  change: EdgeChange | null
  /** What the trace that lies over the graph did here; null without one, and where it did nothing. */
  trace: EdgeInTrace | null
}

export interface NodeView extends GraphNode {
  received: Figures
  sent: Figures
  callers: EdgeView[]
  callees: EdgeView[]
}

export interface GraphView {
  seconds: number
  nodes: NodeView[]
  edges: EdgeView[]
  byId: Map<string, NodeView>
  compared: Compared | null
}

/** Every node with what it received and sent, every edge with its rate and state. */
export function viewGraph(graph: Graph): GraphView {
  const seconds = Math.max(1, (Date.parse(graph.to) - Date.parse(graph.from)) / 1000)
  const edges = graph.edges.map((edge): EdgeView => ({ ...edge, figures: sumFigures([edge], seconds), health: healthByErrors(edge.requests, edge.errors), open: edge.mtlsShare !== null && edge.mtlsShare < 1, change: null, trace: null }))
  const nodes = graph.nodes.map((node): NodeView => {
    const callers = edges.filter((edge) => edge.target === node.id)
    const callees = edges.filter((edge) => edge.source === node.id)
    return { ...node, callers, callees, received: sumFigures(callers, seconds), sent: sumFigures(callees, seconds) }
  })
  return { seconds, nodes, edges, byId: new Map(nodes.map((node) => [node.id, node])), compared: null }
}

/** Counts add up. Quantiles do not, so of several edges the worst one speaks. */
export function sumFigures(edges: readonly GraphEdge[], seconds: number): Figures {
  const total = (of: (edge: GraphEdge) => number) => edges.reduce((sum, edge) => sum + of(edge), 0)
  const worst = (of: 'p50' | 'p95' | 'p99') => edges.reduce<number | null>((most, edge) => (edge.latencyMs === null ? most : Math.max(most ?? 0, edge.latencyMs[of])), null)
  const requests = total((edge) => edge.requests)
  const errors = total((edge) => edge.errors)
  return { requests, errors, refused: total((edge) => edge.refused), perSecond: requests / seconds, errorShare: requests > 0 ? errors / requests : null, p50: worst('p50'), p95: worst('p95'), p99: worst('p99') }
}

export function markOf(health: Health): MarkState {
  return ({ healthy: 'ok', degraded: 'warn', failing: 'bad', idle: 'idle', unknown: 'idle' } as const)[health]
}

/** Worst first: by state, then by errors, then by what it carries. */
export function worstFirst(a: NodeView, b: NodeView): number {
  const rank = { failing: 0, degraded: 1, unknown: 2, healthy: 3, idle: 4 } as const satisfies Record<Health, number>
  return rank[a.health] - rank[b.health] || (b.received.errorShare ?? 0) - (a.received.errorShare ?? 0) || b.received.requests - a.received.requests || a.name.localeCompare(b.name)
}

/** What a kind is called in a sentence. */
export function kindWord(kind: GraphNode['kind']): string {
  return { agent: 'agent', agentversion: 'version', tool: 'tool', model: 'model', gateway: 'gateway', external: 'outside the mesh', unknown: 'unknown peer' }[kind]
}
