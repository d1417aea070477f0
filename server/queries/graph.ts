import { HEALTH, healthByErrors } from '#server/contracts/health.ts'
import type { Graph, GraphEdge, GraphNode, Health } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { inTransaction } from '#server/db/pool.ts'
import { quantilesMs } from '#server/otlp/sketch.ts'
import { addCounts, alignWindow, readEdgeCounts, type EdgeCounts } from './edge-counts.ts'
import { nodeIdOf, nodeOf, readAgents, type BareNode, type GraphBy, type KnownAgents } from './graph-nodes.ts'
import { readLoneServices } from './lone-services.ts'

export interface GraphQuery {
  from: Date
  to: Date
  by: GraphBy
}

/** The graph of one window, in one reading: nodes, edges and versions are of the same moment. */
export async function readGraph(db: Db, mesh: string, { from, to, by }: GraphQuery): Promise<Graph> {
  const window = alignWindow(from, to)
  const { agents, counts, lone } = await inTransaction(db.pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only')
    const [agents, counts] = [await readAgents(client, mesh), await readEdgeCounts(client, mesh, window)]
    const known = new Set([...agents.keys(), ...counts.flatMap(({ source, target }) => [source, target])])
    return { agents, counts, lone: await readLoneServices(client, mesh, window, known) }
  })
  return { from: window.from.toISOString(), to: window.to.toISOString(), ...graphOf({ agents, counts, lone }, by) }
}

interface EdgeSides {
  source: BareNode
  target: BareNode
  mesh: EdgeCounts | null
  spans: EdgeCounts | null
  protocols: Map<string, number>
  protocol: string | null
}

interface GraphFacts {
  agents: KnownAgents
  counts: readonly EdgeCounts[]
  /** Nodes without an edge that no Agent object names. */
  lone: readonly string[]
}

/** Pure: stored counts and known agents → what is shown. */
export function graphOf({ agents, counts, lone }: GraphFacts, by: GraphBy): Pick<Graph, 'nodes' | 'edges'> {
  const nodes = new Map<string, BareNode>()
  const put = (stored: string, version: string) => {
    const id = nodeIdOf(stored, version, agents, by)
    const node = nodes.get(id) ?? nodeOf(id, stored, version, agents)
    nodes.set(id, node)
    return node
  }
  for (const [stored, agent] of agents) for (const version of by === 'version' && agent.versions.length > 0 ? agent.versions : ['']) put(stored, version)
  for (const stored of lone) put(stored, '')
  const edges = new Map<string, EdgeSides>()
  for (const count of counts) {
    const source = put(count.source, count.sourceVersion)
    const target = put(count.target, count.targetVersion)
    const id = edgeId(source.id, target.id)
    const sides = edges.get(id) ?? { source, target, mesh: null, spans: null, protocols: new Map<string, number>(), protocol: agents.get(count.target)?.protocol ?? null }
    edges.set(id, sides)
    if (count.protocol !== '') sides.protocols.set(count.protocol, (sides.protocols.get(count.protocol) ?? 0) + count.requests)
    const before = sides[count.evidence]
    if (before) addCounts(before, count)
    else sides[count.evidence] = { ...count, latency: new Map(count.latency) }
  }
  return { nodes: [...nodes.values()].map((node) => describeNode(node, counts, edges, agents, by)), edges: [...edges.values()].map(describeEdge) }
}

const edgeId = (source: string, target: string) => `${source}>${target}`

/** The mesh's numbers where there are some: it sees every call, spans only those that were recorded. */
function told({ mesh, spans }: Pick<EdgeSides, 'mesh' | 'spans'>): EdgeCounts {
  return (mesh ?? spans)! // an edge is made for a count, which is one of them
}

function describeEdge(sides: EdgeSides): GraphEdge {
  const counts = told(sides)
  const quantiles = quantilesMs(counts.latency, [0.5, 0.95, 0.99])
  const isExternal = sides.target.kind === 'external' || sides.source.kind === 'external'
  const bytesKnown = sides.mesh !== null
  return {
    id: edgeId(sides.source.id, sides.target.id),
    source: sides.source.id,
    target: sides.target.id,
    protocol: sides.protocol ?? [...sides.protocols].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'http',
    requests: counts.requests,
    errors: counts.errors,
    refused: counts.refused,
    retries: counts.retries,
    bytesSent: bytesKnown ? counts.bytesSent : null,
    bytesReceived: bytesKnown ? counts.bytesReceived : null,
    durationMs: counts.requests > 0 && counts.durationUs > 0 ? counts.durationUs / counts.requests / 1000 : null,
    latencyMs: quantiles ? { p50: quantiles[0], p95: quantiles[1], p99: quantiles[2] } : null,
    mtlsShare: sides.mesh === null || isExternal || counts.requests === 0 ? null : Math.min(1, counts.mtls / counts.requests),
    evidence: { mesh: evidenceOf(sides.mesh), spans: evidenceOf(sides.spans) },
  }
}

function evidenceOf(counts: EdgeCounts | null): { requests: number; errors: number } | null {
  return counts === null ? null : { requests: counts.requests, errors: counts.errors }
}

function describeNode(node: BareNode, counts: readonly EdgeCounts[], edges: ReadonlyMap<string, EdgeSides>, agents: KnownAgents, by: GraphBy): GraphNode {
  const incoming = [...edges.values()].filter((edge) => edge.target.id === node.id)
  const outgoing = incoming.length > 0 || [...edges.values()].some((edge) => edge.source.id === node.id)
  return { ...node, health: healthOf(incoming.map(told), outgoing, node), versions: versionsOf(node, counts, agents, by) }
}

function healthOf(incoming: readonly EdgeCounts[], seen: boolean, node: BareNode): Health {
  const requests = incoming.reduce((sum, counts) => sum + counts.requests, 0)
  if (requests === 0) return seen && node.kind === 'external' ? 'unknown' : seen ? 'healthy' : 'idle'
  const byErrors = healthByErrors(requests, incoming.reduce((sum, counts) => sum + counts.errors, 0))
  const slow = incoming.some((counts) => (quantilesMs(counts.latency, [0.95])?.[0] ?? 0) >= HEALTH.degradedP95Ms)
  return byErrors === 'healthy' && slow ? 'degraded' : byErrors
}

/** Shares of what an agent received, by version; from one kind of evidence, so that they can be compared. */
function versionsOf(node: BareNode, counts: readonly EdgeCounts[], agents: KnownAgents, by: GraphBy): GraphNode['versions'] {
  if (node.namespace === null) return []
  const stored = `agent/${node.namespace}/${node.name}`
  const agent = agents.get(stored)
  if (!agent) return []
  const received = counts.filter((count) => count.target === stored && count.targetVersion !== '' && (by === 'agent' || node.version === null || count.targetVersion === node.version))
  const evidence = received.some((count) => count.evidence === 'mesh') ? 'mesh' : 'spans'
  const sums = new Map((node.version === null ? agent.versions : [node.version]).map((version) => [version, { version, requests: 0, errors: 0 }]))
  for (const count of received) {
    if (count.evidence !== evidence) continue
    const sum = sums.get(count.targetVersion) ?? { version: count.targetVersion, requests: 0, errors: 0 }
    sums.set(count.targetVersion, { ...sum, requests: sum.requests + count.requests, errors: sum.errors + count.errors })
  }
  return [...sums.values()].sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }))
}
