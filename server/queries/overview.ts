// The first page: every figure of it from one window.
import type { Overview } from '#server/contracts/overview.ts'
import type { CertificateList } from '#server/contracts/security.ts'
import type { Proxy } from '#server/contracts/status.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import type { Db } from '#server/db/client.ts'
import type { z } from 'zod'
import { readAgentFacts, summariseAgents } from './agents.ts'
import { readCallSeries, type CallSeries } from './call-series.ts'
import { readCertificates } from './certificates.ts'
import { readIngest, type IngestBucket } from './ingest.ts'
import { readProxies } from './proxies.ts'
import { readRevisionStatus } from './revision-status.ts'
import { readAlerts } from './objectives.ts'
import { readRevisions } from './revisions.ts'
import { readRotations } from './rotations.ts'
import { readSample, readSampleRefs } from './sample.ts'
import { listWaits } from './waits.ts'

const SHOWN = { agents: 8, changes: 6 }
const PROXIES_MAX = 10_000
const ROTATIONS_MAX = 100
const ALERTS_MAX = 100
const INGEST_MS = 60_000
const INGEST_ROWS_MAX = 6000
const REVISIONS_MEASURED = 20
const CONTROL_FRESH_S = 15

export async function readOverview(db: Db, mesh: string, graph: Graph): Promise<Overview> {
  const [from, to] = [new Date(graph.from), new Date(graph.to)]
  // A few at a time: this page is asked for every few seconds, and shares the pool with everybody else's.
  const [facts, series] = await Promise.all([readAgentFacts(db, mesh), readCallSeries(db, mesh, from, to)])
  const [proxies, certificates] = await Promise.all([readProxies(db, mesh, { limit: PROXIES_MAX }), readCertificates(db, mesh)])
  const [rotations, ingest] = await Promise.all([readRotations(db, mesh, { limit: ROTATIONS_MAX }), readIngest(db, { from: new Date(Date.now() - INGEST_MS), limit: INGEST_ROWS_MAX })])
  const [changes, sample, small] = [await readChanges(db, mesh), await readSampleState(db, mesh), await readSmallFacts(db, mesh)]
  const alerts = await readAlerts(db, mesh, { running: true, limit: ALERTS_MAX })
  const agents = summariseAgents(facts, graph)
  return {
    from: graph.from,
    to: graph.to,
    signals: describeSignals(graph, series, (to.getTime() - from.getTime()) / 1000),
    worstEdge: findWorstEdge(graph),
    agents: agents.slice(0, SHOWN.agents),
    agentsTotal: agents.length,
    waits: listWaits({ alerts, proxies, refusals: small.refusals, rotations, certificates: certificates.items, authorities: certificates.authorities, agents, refusedTelemetry: sumRefused(ingest) }),
    mesh: {
      proxies: { inSync: proxies.filter((proxy) => proxy.state === 'synced').length, of: proxies.length, disconnected: proxies.filter((proxy) => proxy.state === 'disconnected').length },
      reachMs: small.reachMs,
      telemetry: describeIngest(ingest),
      outageBudgetMs: findOutageBudget(proxies, certificates),
      ...describeMtls(graph),
      life: describeLife(certificates),
      controls: small.controls,
    },
    changes,
    sample,
  }
}

/** What is said of the window comes from the graph of it, so that it agrees with every other figure; the course and the time before from the buckets. */
function describeSignals(graph: Graph, { now, before, whole }: CallSeries, seconds: number): Overview['signals'] {
  const slotS = seconds / now.length
  const total = (of: 'requests' | 'errors' | 'refused') => (graph.edges.length === 0 ? null : graph.edges.reduce((sum, edge) => sum + edge[of], 0))
  const [requests, errors, refused] = [total('requests'), total('errors'), total('refused')]
  const rate = (count: number | null | undefined) => (count === null || count === undefined ? null : count / seconds)
  const share = (slot: { requests: number; errors: number } | null) => (slot && slot.requests > 0 ? slot.errors / slot.requests : null)
  return {
    perSecond: { now: rate(requests), before: rate(before?.requests), series: now.map((slot) => slot && slot.requests / slotS) },
    errorShare: { now: requests ? (errors ?? 0) / requests : null, before: share(before), series: now.map(share) },
    p95Ms: { now: whole?.p95Ms ?? null, before: before?.p95Ms ?? null, series: now.map((slot) => slot?.p95Ms ?? null) },
    refusedPerSecond: { now: rate(refused), before: rate(before?.refused), series: now.map((slot) => slot && slot.refused / slotS) },
  }
}

function findWorstEdge(graph: Graph): Overview['worstEdge'] {
  const [worst] = graph.edges.filter((edge) => edge.errors > 0).toSorted((a, b) => b.errors - a.errors)
  if (!worst) return null
  const nameOf = (id: string) => graph.nodes.find((node) => node.id === id)?.name ?? id
  return { source: nameOf(worst.source), target: nameOf(worst.target), errorShare: worst.errors / worst.requests }
}

/** Of the calls that the mesh itself saw, those with a client certificate. */
function describeMtls(graph: Graph): { authenticatedShare: number | null; openEdges: number } {
  const seen = graph.edges.filter((edge) => edge.mtlsShare !== null && edge.requests > 0)
  const total = seen.reduce((sum, edge) => sum + edge.requests, 0)
  return {
    authenticatedShare: total === 0 ? null : seen.reduce((sum, edge) => sum + edge.requests * (edge.mtlsShare ?? 0), 0) / total,
    openEdges: seen.filter((edge) => (edge.mtlsShare ?? 1) < 1).length,
  }
}

/** Without control nothing is renewed: the first certificate in use that ends is where calls begin to fail. */
function findOutageBudget(proxies: readonly z.infer<typeof Proxy>[], certificates: CertificateList): number | null {
  const inUse = new Set(proxies.filter((proxy) => proxy.state !== 'disconnected').map((proxy) => proxy.id))
  const ends = certificates.items.filter((svid) => inUse.has(svid.proxy) && (svid.state === 'valid' || svid.state === 'renewal_late')).map((svid) => Date.parse(svid.notAfter))
  return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - Date.now())
}

function describeLife({ authorities, items }: CertificateList): Overview['mesh']['life'] {
  const active = (role: 'root' | 'issuing') => authorities.find((authority) => authority.role === role && authority.state === 'active')
  const shortest = items.filter((svid) => svid.state === 'valid' || svid.state === 'renewal_late').toSorted((a, b) => a.lifeLeft - b.lifeLeft)[0]
  return [
    ...[['Root certificate', active('root')] as const, ['Issuing certificate', active('issuing')] as const].flatMap(([name, authority]) => (authority ? [{ name, lifeLeft: authority.lifeLeft, note: `until ${authority.notAfter.slice(0, 10)}` }] : [])),
    ...(shortest ? [{ name: 'Shortest agent certificate', lifeLeft: shortest.lifeLeft, note: 'renews at 40 to 50 %' }] : []),
  ]
}

function describeIngest(buckets: readonly IngestBucket[]): Overview['mesh']['telemetry'] {
  if (buckets.length === 0) return null
  const spans = buckets.reduce((sum, bucket) => sum + bucket.spans, 0)
  return { lagMs: Math.max(...buckets.map((bucket) => bucket.lagMs)), spansPerSecond: spans / (INGEST_MS / 1000) }
}

function sumRefused(buckets: readonly IngestBucket[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const bucket of buckets) for (const [reason, count] of Object.entries(bucket.refused)) sums[reason] = (sums[reason] ?? 0) + count
  return sums
}

async function readChanges(db: Db, mesh: string): Promise<Overview['changes']> {
  const revisions = await readRevisions(db, mesh, { limit: SHOWN.changes, before: null })
  const changes: Overview['changes'] = []
  for (const revision of revisions) {
    const { state, accepted, of } = await readRevisionStatus(db, mesh, revision.revision)
    const [first] = revision.changes
    const title = revision.plan[0] ?? (first ? `${first.object.kind} ${first.object.namespace}/${first.object.name}` : 'nothing changed')
    changes.push({ revision: revision.revision, author: revision.author, reason: revision.reason, at: revision.at, title, state, accepted, of })
  }
  return changes
}

/** The sample fleet is there while an object carries its label. */
async function readSampleState(db: Db, mesh: string): Promise<Overview['sample']> {
  const [state, refs] = await Promise.all([readSample(db, mesh), readSampleRefs(db, mesh)])
  return refs.length === 0 ? null : { running: state.wanted.running, rate: state.wanted.rate, failureShare: state.wanted.failureShare }
}

async function readSmallFacts(db: Db, mesh: string) {
  const { rows } = await db.pool.query<{ reachMs: number | null; controls: number; refusals: { proxy: string; revision: number; keeps: number | null; reason: string }[] }>(
    `select
       (select percentile_cont(0.5) within group (order by extract(epoch from accepted_at - at) * 1000)::float8 from (
          select at, accepted_at from revision r where mesh = $1 and accepted_at is not null and exists (select from revision_proxy p where p.mesh = r.mesh and p.revision = r.number)
          order by number desc limit ${REVISIONS_MEASURED}) latest) as "reachMs",
       (select count(*)::int from control_process where heartbeat_at > now() - make_interval(secs => ${CONTROL_FRESH_S})) as controls,
       coalesce((select jsonb_agg(jsonb_build_object('proxy', proxy, 'revision', revision, 'keeps', keeps, 'reason', reason) order by proxy) from (
          select distinct on (p.proxy) p.proxy, p.revision, coalesce(p.refusal->>'reason', '') as reason,
            (select max(k.revision) from revision_proxy k where k.mesh = p.mesh and k.proxy = p.proxy and k.state = 'accepted' and k.revision < p.revision) as keeps
          from revision_proxy p where p.mesh = $1 and p.state = 'rejected'
            and exists (select from proxy_resource x where x.mesh = p.mesh and x.proxy = p.proxy and x.refused is not null)
          order by p.proxy, p.revision desc) refused), '[]') as refusals`,
    [mesh],
  )
  return rows[0] ?? { reachMs: null, controls: 0, refusals: [] }
}
