// The registry's answers: every agent with what is known of it, the cards of one, and peers that only traffic knows.
import type { CardHistory, Peer, RegistryEntry } from '#server/contracts/registry.ts'
import { CardChange, CardSignature } from '#server/contracts/registry.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import { parseStored } from '#server/db/mesh-state.ts'
import { z } from 'zod'

const AGENTS_MAX = 10_000

interface Known {
  namespace: string
  agent: string
  source: RegistryEntry['source']
  lastSeen: Date | null
  goneAt: Date | null
  health: Record<string, number> | null
  number: number | null
  form: string | null
  signature: unknown
  firstSeen: Date | null
  cardSeen: Date | null
  url: string | null
  kind: string | null
  state: string | null
  reason: string | null
  checkedAt: Date | null
  nextAt: Date | null
}

export async function readRegistry(db: Db, mesh: string): Promise<RegistryEntry[]> {
  const [objects, { rows }] = await Promise.all([
    db.prisma.storedObject.findMany({ where: { mesh, kind: 'Agent' }, orderBy: [{ namespace: 'asc' }, { name: 'asc' }], take: AGENTS_MAX }),
    db.pool.query<Known>(
      `with card as (select distinct on (namespace, agent) * from agent_card where mesh = $1 order by namespace, agent, number desc),
       health as (select i.namespace, i.agent, jsonb_object_agg(i.state, i.count) as health from (
         select i.namespace, i.agent, coalesce(h.state, 'ready') as state, count(*) as count from instance i left join instance_health h on h.mesh = i.mesh and h.instance = i.id where i.mesh = $1 group by 1, 2, 3) i group by 1, 2)
       select o.namespace, o.name as agent, p.source, p.last_seen as "lastSeen", p.gone_at as "goneAt", health.health, card.number, card.form, card.signature, card.first_seen as "firstSeen", card.last_seen as "cardSeen",
         s.url, s.kind, s.state, s.reason, s.checked_at as "checkedAt", s.next_at as "nextAt"
       from object o left join agent_presence p on p.mesh = o.mesh and p.namespace = o.namespace and p.agent = o.name
       left join card on card.namespace = o.namespace and card.agent = o.name left join health on health.namespace = o.namespace and health.agent = o.name
       left join agent_source s on s.mesh = o.mesh and s.namespace = o.namespace and s.agent = o.name
       where o.mesh = $1 and o.kind = 'Agent' limit ${AGENTS_MAX}`,
      [mesh],
    ),
  ])
  const known = new Map(rows.map((row) => [`${row.namespace}/${row.agent}`, row]))
  return objects.map(parseStored).flatMap((agent): RegistryEntry[] => {
    if (agent.kind !== 'Agent') return []
    const { namespace, name } = agent.metadata
    const row = known.get(`${namespace}/${name}`)
    const { description, owner, protocol, type, capabilities } = agent.spec
    return [
      {
        namespace, name, description, owner, protocol, type,
        capabilities: capabilities.map(({ examples: _examples, ...capability }) => capability),
        source: row?.source ?? null,
        state: row?.lastSeen ? (row.goneAt ? 'gone' : 'present') : 'never',
        lastSeen: row?.lastSeen?.toISOString() ?? null,
        goneAt: row?.goneAt?.toISOString() ?? null,
        health: (row?.health ?? {}) as RegistryEntry['health'], // states are written by probes alone
        card: row?.number && row.form && row.firstSeen && row.cardSeen ? { number: row.number, form: row.form, signature: CardSignature.parse(row.signature), firstSeen: row.firstSeen.toISOString(), lastSeen: row.cardSeen.toISOString() } : null,
        discovery: row?.url && row.nextAt ? { url: row.url, kind: row.kind ?? '', state: row.state ?? '', reason: row.reason ?? '', checkedAt: row.checkedAt?.toISOString() ?? null, nextAt: row.nextAt.toISOString() } : null,
        likeness: null,
      },
    ]
  })
}

const Changes = z.array(CardChange)

/** Newest first. `graph` is of the last hour. */
export async function readCards(db: Db, mesh: string, { namespace, name }: { namespace: string; name: string }, graph: Graph): Promise<CardHistory> {
  const rows = await db.prisma.agentCard.findMany({ where: { mesh, namespace, agent: name }, orderBy: { number: 'desc' }, take: 50 })
  const id = `agent/${namespace}/${name}`
  return {
    items: rows.map((row) => ({
      number: row.number, source: row.source, url: row.url, form: row.form, digest: row.digest, signature: CardSignature.parse(row.signature), changes: Changes.parse(row.changes),
      firstSeen: row.firstSeen.toISOString(), lastSeen: row.lastSeen.toISOString(), card: row.card,
    })),
    callers: [...new Set(graph.edges.filter((edge) => edge.target === id && edge.requests > 0).map((edge) => edge.source))].sort(),
  }
}

/** Who was seen in traffic or blocked, and is no agent of the mesh. */
export async function readPeers(db: Db, mesh: string, graph: Graph): Promise<Peer[]> {
  const { rows } = await db.pool.query<{ peer: string; by: string }>(`select peer, by_whom as by from peer_decision where mesh = $1 and decision = 'block' order by peer limit 1000`, [mesh])
  const blocked = new Map(rows.map((row) => [row.peer, row.by]))
  const seen = graph.nodes.filter((node) => node.kind === 'unknown').map((node): Peer => {
    const id = peerId(node.namespace, node.name)
    const edges = graph.edges.filter((edge) => edge.source === node.id || edge.target === node.id)
    return { id, namespace: node.namespace ?? 'default', name: node.name, requests: edges.reduce((sum, edge) => sum + edge.requests, 0), errors: edges.reduce((sum, edge) => sum + edge.errors, 0), decision: blocked.has(id) ? 'block' : null, decidedBy: blocked.get(id) ?? null }
  })
  const ids = new Set(seen.map(({ id }) => id))
  const silent = [...blocked].filter(([id]) => !ids.has(id)).map(([id, by]): Peer => {
    const [, namespace = null, name = id] = id.split('/')
    return { id, namespace, name, requests: 0, errors: 0, decision: 'block', decidedBy: by }
  })
  return [...seen, ...silent]
}

/** The name that a peer claims, as a policy knows it. */
export function peerId(namespace: string | null, name: string): string {
  return `agent/${namespace ?? 'default'}/${name}`
}
