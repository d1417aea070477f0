// The first question of each page, in one place: the server asks it before the page is sent, the page keeps asking it. Same key and
// same path on both sides, so that nobody looks at a skeleton.
import { KINDS, type ObjectRef } from '#server/contracts/object.ts'
import { withQuery } from './paths.ts'
import { rangeMs, type TimeRange } from './time-range.ts'

export interface Ask {
  /** Under which the page keeps the answer. */
  key: readonly unknown[]
  /** Below `/api/v1`. */
  path: string
  /** The answer is the first of many pages. */
  paged?: boolean
}

const segment = encodeURIComponent
const LIST_MAX = 1000

export interface TraceFilters {
  service: string
  operation: string
  status: 'any' | 'ok' | 'error'
  minDurationMs: number | null
  maxDurationMs: number | null
  /** `name=value`, each. */
  attr: readonly string[]
}

export const asks = {
  routes: (): Ask => ({ key: ['objects', 'HTTPRoute'], path: `/httproutes?limit=${LIST_MAX}` }),
  grpcRoutes: (): Ask => ({ key: ['objects', 'GRPCRoute'], path: `/grpcroutes?limit=${LIST_MAX}` }),
  policies: (kind: 'AuthorizationPolicy' | 'PeerAuthentication' | 'TrafficPolicy' | 'Objective'): Ask => ({ key: ['objects', kind], path: `/${KINDS[kind].plural}?limit=${LIST_MAX}` }),
  agentNames: (): Ask => ({ key: ['objects', 'Agent'], path: `/agents?limit=${LIST_MAX}` }),
  object: ({ kind, namespace, name }: ObjectRef): Ask => ({ key: ['object', kind, namespace, name], path: `/namespaces/${segment(namespace)}/${KINDS[kind].plural}/${segment(name)}` }),
  reach: (namespace: string, name: string, direction: 'callers' | 'callees'): Ask => ({ key: ['reach', namespace, name, direction], path: withQuery(`/namespaces/${segment(namespace)}/agents/${segment(name)}/reach`, { direction }) }),
  agentRoutes: (): Ask => ({ key: ['objects', 'AgentRoute'], path: `/agentroutes?limit=${LIST_MAX}` }),
  registry: (asked: { q: string; means: string }): Ask => ({ key: ['registry', asked], path: withQuery('/registry', { ...asked, limit: LIST_MAX }) }),
  cards: (namespace: string, name: string): Ask => ({ key: ['cards', namespace, name], path: `/registry/${segment(namespace)}/${segment(name)}/cards` }),
  objectiveStates: (): Ask => ({ key: ['objective-states'], path: '/objective-states' }),
  alerts: (at: { namespace: string; name: string } | null): Ask => ({ key: ['alerts', at], path: withQuery('/alerts', { objective: at && `${at.namespace}/${at.name}`, limit: 50 }) }),
  silences: (): Ask => ({ key: ['silences'], path: '/silences' }),
  scrapeTargets: (): Ask => ({ key: ['scrape-targets'], path: '/scrape-targets' }),
  scrapeStatus: (): Ask => ({ key: ['scrape-targets', 'status'], path: '/scrape-targets/status' }),
  receivers: (): Ask => ({ key: ['receivers'], path: '/receivers' }),
  egress: (): Ask => ({ key: ['egress'], path: '/egress' }),
  peers: (): Ask => ({ key: ['peers'], path: '/peers' }),
  decisions: (traceId: string | null): Ask => ({ key: ['decisions', traceId], path: withQuery('/semantic/decisions', { traceId, limit: 100 }) }),
  decision: (id: string): Ask => ({ key: ['decision', id], path: `/semantic/decisions/${segment(id)}` }),
  probed: (namespace: string, agent: string): Ask => ({ key: ['probed', namespace, agent], path: withQuery('/probed-instances', { namespace, agent, limit: 100 }) }),
  probeEvents: (namespace: string, agent: string): Ask => ({ key: ['probe-events', namespace, agent], path: withQuery('/probe-events', { namespace, agent, limit: 100 }) }),
  proxies: (): Ask => ({ key: ['proxies'], path: `/proxies?limit=${LIST_MAX}` }),
  proxy: (id: string): Ask => ({ key: ['proxy', id], path: `/proxies/${segment(id)}` }),
  proxyResources: (id: string): Ask => ({ key: ['proxy-resources', id], path: `/proxies/${segment(id)}/resources` }),
  proxyRefusals: (id: string): Ask => ({ key: ['proxy-refusals', id], path: `/proxies/${segment(id)}/refusals` }),
  certificates: (): Ask => ({ key: ['certificates'], path: `/certificates?limit=${LIST_MAX}` }),
  rotations: (): Ask => ({ key: ['rotations'], path: '/rotations' }),
  rotation: (id: string): Ask => ({ key: ['rotation', id], path: `/rotations/${segment(id)}` }),
  revisions: (at: ObjectRef | null): Ask => ({ key: ['revisions', at], path: withQuery('/revisions', { limit: 50, kind: at?.kind, namespace: at?.namespace, name: at?.name }), paged: true }),
  revision: (revision: number | null): Ask => ({ key: ['revision', revision], path: `/revisions/${revision}` }),
  revisionStatus: (revision: number | null): Ask => ({ key: ['revision-status', revision], path: `/revisions/${revision}/status` }),
  audit: (asked: { actor: string | null; action: string | null; result: string | null }): Ask => ({ key: ['audit', asked], path: withQuery('/audit', { ...asked, limit: 100 }), paged: true }),
  routeStatus: ({ kind, namespace, name }: ObjectRef): Ask => ({ key: ['route-status', kind, namespace, name], path: `/namespaces/${segment(namespace)}/${KINDS[kind].plural}/${segment(name)}/status` }),
  analysis: (): Ask => ({ key: ['analysis'], path: '/analysis' }),
  parts: (): Ask => ({ key: ['parts'], path: '/parts' }),
  tokens: (): Ask => ({ key: ['tokens'], path: '/tokens' }),
  /** What an agent received by version in the last five minutes. */
  shares: (target: string): Ask => ({ key: ['series', target, 'version', '5m'], path: withQuery('/series', { target, by: 'version', window: '5m' }) }),
  attributeNames: (service: string): Ask => ({ key: ['attribute-names', service], path: withQuery('/traces/attributes', { service, window: '6h' }) }),
  trace: (traceId: string): Ask => ({ key: ['trace', traceId], path: `/traces/${segment(traceId)}?format=fitting` }),
  span: (traceId: string, spanId: string, service: string): Ask => ({ key: ['span', traceId, spanId, service], path: withQuery(`/traces/${segment(traceId)}/spans/${segment(spanId)}`, { service }) }),
  spanPeers: (traceId: string, spanId: string, service: string): Ask => ({ key: ['span-peers', traceId, spanId, service], path: withQuery(`/traces/${segment(traceId)}/spans/${segment(spanId)}/peers`, { service }) }),
  traces: ({ status, attr, ...filters }: TraceFilters, range: TimeRange): Ask => {
    const { from, to } = range.kind === 'fixed' ? range : { from: new Date(Date.now() - rangeMs(range)).toISOString(), to: null }
    const path = withQuery('/traces', { ...filters, status: status === 'any' ? null : status, from, to, limit: 50 })
    return { key: ['traces', filters, status, attr, range], path: path + attr.map((text) => `&attr=${segment(text)}`).join(''), paged: true }
  },
}
