// Who is there: what operators registered, what sidecars announce, and who was only ever seen in telemetry, with what each did in a window.
import type { Agent } from '#server/contracts/agent.ts'
import type { AgentInstance, AgentLevel, AgentSummary } from '#server/contracts/overview.ts'
import type { Graph, GraphEdge, GraphNode, Health } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { parseStored } from '#server/db/mesh-state.ts'

const AGENTS_MAX = 10_000

export interface AgentFacts {
  agent: Agent
  versions: string[]
  instances: { ready: number; of: number; tls: number }
  proxies: { of: number; connected: number; enrolled: number }
}

/** Everything known of each agent, in the order of namespace and name. */
export async function readAgentFacts(db: Db, mesh: string): Promise<AgentFacts[]> {
  const [objects, { rows }] = await Promise.all([
    db.prisma.storedObject.findMany({ where: { mesh, kind: 'Agent' }, orderBy: [{ namespace: 'asc' }, { name: 'asc' }], take: AGENTS_MAX }),
    db.pool.query<{ namespace: string; agent: string; versions: string[]; ready: number; of: number; tls: number; proxies: number; connected: number; enrolled: number }>(
      `with i as (
         select namespace, agent, array_agg(distinct version order by version) as versions, count(*) filter (where state = 'ready') as ready, count(*) as of, count(*) filter (where tls) as tls
         from instance where mesh = $1 group by 1, 2
       ), p as (
         select namespace, agent, count(*) as proxies, count(*) filter (where control_id is not null) as connected, count(*) filter (where identity is not null) as enrolled
         from proxy where mesh = $1 group by 1, 2
       )
       select namespace, agent, coalesce(versions, '{}') as versions, coalesce(ready, 0)::int as ready, coalesce(of, 0)::int as of, coalesce(tls, 0)::int as tls,
         coalesce(proxies, 0)::int as proxies, coalesce(connected, 0)::int as connected, coalesce(enrolled, 0)::int as enrolled
       from i full join p using (namespace, agent)`,
      [mesh],
    ),
  ])
  const known = new Map(rows.map((row) => [`${row.namespace}/${row.agent}`, row]))
  return objects.map(parseStored).flatMap((agent): AgentFacts[] => {
    if (agent.kind !== 'Agent') return []
    const row = known.get(`${agent.metadata.namespace}/${agent.metadata.name}`)
    return [
      {
        agent,
        versions: row?.versions ?? [],
        instances: { ready: row?.ready ?? 0, of: row?.of ?? 0, tls: row?.tls ?? 0 },
        proxies: { of: row?.proxies ?? 0, connected: row?.connected ?? 0, enrolled: row?.enrolled ?? 0 },
      },
    ]
  })
}

/** Registered agents and peers that only telemetry knows, worst first. */
export function summariseAgents(facts: readonly AgentFacts[], graph: Graph): AgentSummary[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const calls = Map.groupBy(graph.edges, (edge) => edge.target)
  const senders = new Set(graph.edges.map((edge) => edge.source))
  const seconds = Math.max(1, (Date.parse(graph.to) - Date.parse(graph.from)) / 1000)
  const registered = facts.map((fact) => {
    const id = agentId(fact.agent.metadata.namespace, fact.agent.metadata.name)
    return describeAgent(id, fact, nodes.get(id), calls.get(id) ?? [], senders.has(id), seconds)
  })
  const ids = new Set(registered.map((agent) => agent.id))
  const peers = graph.nodes.filter((node) => !ids.has(node.id) && (node.kind === 'unknown' || node.id.startsWith('agent/'))).map((node) => describePeer(node, calls.get(node.id) ?? [], seconds))
  return [...registered, ...peers].toSorted(worstFirst)
}

export function agentId(namespace: string, name: string): string {
  return `agent/${namespace}/${name}`
}

/** Traces alone, a sidecar without an identity yet, mTLS and plaintext, mTLS alone. */
export function levelOf(fact: AgentFacts): AgentLevel {
  if (fact.proxies.of === 0) return 'traces'
  if (fact.proxies.enrolled === 0) return 'sidecar'
  return fact.agent.spec.mtls
}

function describeAgent(id: string, fact: AgentFacts, node: GraphNode | undefined, callers: readonly GraphEdge[], sends: boolean, seconds: number): AgentSummary {
  const { agent, instances, proxies } = fact
  const counts = sumCalls(callers)
  const state = stateOf(fact, node?.health ?? 'idle', counts, sends)
  return {
    id,
    namespace: agent.metadata.namespace,
    name: agent.metadata.name,
    type: node?.kind === 'gateway' ? 'gateway' : agent.spec.type,
    protocol: agent.spec.protocol,
    labels: agent.metadata.labels,
    versions: [...new Set([...fact.versions, ...(node?.versions ?? []).map((version) => version.version)])].filter(Boolean).toSorted(),
    level: levelOf({ ...fact, proxies }),
    ...state,
    instances: { ready: instances.ready, of: instances.of },
    ...counts,
    perSecond: counts.requests / seconds,
    registered: true,
  }
}

function describePeer(node: GraphNode, callers: readonly GraphEdge[], seconds: number): AgentSummary {
  const counts = sumCalls(callers)
  return {
    id: node.id,
    namespace: node.namespace,
    name: node.name,
    type: node.kind === 'tool' || node.kind === 'model' || node.kind === 'gateway' ? node.kind : node.kind === 'unknown' ? 'unknown' : 'agent',
    protocol: null,
    labels: node.labels,
    versions: node.versions.map((version) => version.version).filter(Boolean),
    level: 'traces',
    health: node.health,
    why: counts.errors > 0 ? describeErrors(counts) : 'seen in telemetry alone',
    instances: { ready: 0, of: 0 },
    ...counts,
    perSecond: counts.requests / seconds,
    registered: false,
  }
}

/** What telemetry says, unless nobody is there to answer. */
function stateOf({ instances, proxies }: AgentFacts, health: Health, counts: Calls, sends: boolean): { health: Health; why: string } {
  const ready = `${instances.ready} of ${instances.of} instances ready`
  if (instances.of > 0 && instances.ready === 0) return { health: 'failing', why: 'no instance is ready' }
  if (proxies.of > 0 && instances.of === 0) return { health: counts.requests > 0 ? 'failing' : 'idle', why: 'no instance has a lease' }
  if (health === 'failing' || health === 'degraded') return { health, why: counts.errors > 0 ? describeErrors(counts) : ready }
  if (instances.ready < instances.of) return { health: 'degraded', why: ready }
  if (counts.requests === 0 && !sends) return { health: instances.ready > 0 ? 'healthy' : 'idle', why: instances.ready > 0 ? 'ready, not called' : 'not called' }
  return { health: health === 'unknown' || health === 'idle' ? 'healthy' : health, why: 'ready' }
}

function describeErrors(counts: Calls): string {
  const share = (counts.errors / counts.requests) * 100
  return `${share < 0.1 ? '<0.1' : share > 99 && share < 100 ? '>99' : share.toFixed(share < 10 ? 1 : 0)} % of its calls fail`
}

interface Calls {
  requests: number
  errors: number
  p95Ms: number | null
}

/** Counts add up; of quantiles the worst caller's speaks. */
export function sumCalls(edges: readonly GraphEdge[]): Calls {
  return {
    requests: edges.reduce((sum, edge) => sum + edge.requests, 0),
    errors: edges.reduce((sum, edge) => sum + edge.errors, 0),
    p95Ms: edges.reduce<number | null>((most, edge) => (edge.latencyMs ? Math.max(most ?? 0, edge.latencyMs.p95) : most), null),
  }
}

function worstFirst(a: AgentSummary, b: AgentSummary): number {
  const rank = { failing: 0, degraded: 1, unknown: 2, healthy: 3, idle: 4 } as const satisfies Record<Health, number>
  const share = (agent: AgentSummary) => (agent.requests > 0 ? agent.errors / agent.requests : 0)
  return rank[a.health] - rank[b.health] || share(b) - share(a) || b.requests - a.requests || a.id.localeCompare(b.id)
}

/** Addresses that take calls for an agent, with what their sidecars say. */
export async function readAgentInstances(db: Db, mesh: string, namespace: string, name: string): Promise<AgentInstance[]> {
  const { rows } = await db.pool.query<Omit<AgentInstance, 'leaseUntil' | 'registeredAt'> & { leaseUntil: Date | null; registeredAt: Date }>(
    `select i.id, i.version, i.address, i.port, i.zone, i.source, i.state, i.lease_until as "leaseUntil", i.registered_at as "registeredAt", coalesce(p.warnings, '[]') as warnings,
       'http://127.0.0.1:' || (p.endpoints->>'outboundPort') as "outboundUrl"
     from instance i left join proxy p on p.mesh = i.mesh and p.id = i.id
     where i.mesh = $1 and i.namespace = $2 and i.agent = $3 order by i.version, i.id limit 1000`,
    [mesh, namespace, name],
  )
  return rows.map((row) => ({ ...row, leaseUntil: row.leaseUntil?.toISOString() ?? null, registeredAt: row.registeredAt.toISOString() }))
}
