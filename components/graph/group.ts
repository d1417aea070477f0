// A large mesh is shown by groups: one box a namespace (or a label's value), a mark an agent, one edge between two groups.
import type { GraphEdge, Health } from '#server/contracts/telemetry.ts'
import { sumFigures, worstFirst, type EdgeView, type Figures, type GraphView, type NodeView } from './figures.ts'

/** From this many nodes on, groups are what is shown first. */
export const GROUP_FROM = 60

export type GroupBy = 'none' | 'namespace' | `label:${string}`

export interface GroupView {
  id: string
  name: string
  members: NodeView[]
  health: Health
  received: Figures
}

export interface GroupedGraph {
  groups: GroupView[]
  /** Agents of the group that is open; the others are inside their boxes. */
  nodes: NodeView[]
  /** Edges between what is shown. */
  edges: EdgeView[]
}

/** What the URL says; without a say, groups appear when there are too many nodes to read. */
export function parseGroupBy(value: string | null, nodes: number): GroupBy {
  if (value === 'none' || value === 'namespace') return value
  if (value?.startsWith('label:') && value.length > 6) return value as GroupBy // the prefix is the type
  return nodes >= GROUP_FROM ? 'namespace' : 'none'
}

/** Label names that at least two nodes carry, most used first: what one can group by. */
export function groupableLabels(view: GraphView): string[] {
  const uses = new Map<string, number>()
  for (const node of view.nodes) for (const name of Object.keys(node.labels)) uses.set(name, (uses.get(name) ?? 0) + 1)
  return [...uses].filter(([, count]) => count > 1).toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name).slice(0, 12)
}

export function groupIdOf(node: Pick<NodeView, 'namespace' | 'labels' | 'kind'>, by: Exclude<GroupBy, 'none'>): string {
  if (by === 'namespace') return node.namespace ?? (node.kind === 'external' ? 'outside the mesh' : 'unknown')
  return node.labels[by.slice(6)] ?? `no ${by.slice(6)}`
}

/** One box a group, except for the open one, whose agents stand for themselves. */
export function groupGraph(view: GraphView, by: Exclude<GroupBy, 'none'>, open: string | null = null): GroupedGraph {
  const members = Map.groupBy(view.nodes, (node) => groupIdOf(node, by))
  const groupOf = new Map(view.nodes.map((node) => [node.id, groupIdOf(node, by)]))
  const placeOf = (id: string): string => (groupOf.get(id) === open && open !== null ? id : `group/${groupOf.get(id)}`)
  const groups = [...members].map(([name, nodes]): GroupView => {
    const sorted = nodes.toSorted(worstFirst)
    return { id: `group/${name}`, name, members: sorted, health: worstOf(sorted), received: sumFigures(view.edges.filter((edge) => groupOf.get(edge.target) === name), view.seconds) }
  })
  const isShown = (source: string, target: string) => {
    const closed = [source, target].filter((place) => place.startsWith('group/')).length
    return open === null ? source !== target : closed < 2 // with a group open, what the others do among themselves is not the subject
  }
  const between = Map.groupBy(
    view.edges.filter((edge) => isShown(placeOf(edge.source), placeOf(edge.target))),
    (edge) => `${placeOf(edge.source)}\n${placeOf(edge.target)}`,
  )
  return {
    groups: groups.filter((group) => group.name !== open).toSorted((a, b) => a.name.localeCompare(b.name)),
    nodes: open === null ? [] : (members.get(open) ?? []),
    edges: [...between].flatMap(([key, edges]) => (key.startsWith('group/') || key.includes('\ngroup/') ? [mergeEdges(key, edges, view.seconds)] : edges)),
  }
}

function mergeEdges(key: string, edges: EdgeView[], seconds: number): EdgeView {
  const [source = '', target = ''] = key.split('\n')
  const total = (of: (edge: GraphEdge) => number) => edges.reduce((sum, edge) => sum + of(edge), 0)
  const figures = sumFigures(edges, seconds)
  const requests = total((edge) => edge.requests)
  const tls = edges.filter((edge) => edge.mtlsShare !== null)
  return {
    id: `${source}→${target}`,
    source,
    target,
    protocol: [...new Set(edges.map((edge) => edge.protocol))].join(', '),
    requests,
    errors: figures.errors,
    refused: figures.refused,
    retries: total((edge) => edge.retries),
    bytesSent: null,
    bytesReceived: null,
    durationMs: null,
    latencyMs: figures.p95 === null ? null : { p50: figures.p50 ?? 0, p95: figures.p95, p99: figures.p99 ?? figures.p95 },
    mtlsShare: tls.length === 0 || requests === 0 ? null : Math.min(...tls.map((edge) => edge.mtlsShare ?? 1)),
    evidence: { mesh: null, spans: null },
    figures,
    health: worstOf(edges),
    open: edges.some((edge) => edge.open),
    change: null, trace: null,
  }
}

function worstOf(things: readonly { health: Health }[]): Health {
  for (const health of ['failing', 'degraded', 'healthy', 'unknown'] as const) if (things.some((thing) => thing.health === health)) return health
  return 'idle'
}
