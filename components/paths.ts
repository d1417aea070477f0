// Every URL of the console. The map is the URL: a page builds links with these and nothing else.

type Query = Record<string, string | number | null | undefined>

const segment = encodeURIComponent

/** What is written over a form: who may call, with or without an identity, how calls are spread and bounded, and what an agent is to achieve. */
export type PolicyPart = 'access' | 'mtls' | 'traffic' | 'objectives'
export const KIND_OF_PART = { access: 'AuthorizationPolicy', mtls: 'PeerAuthentication', traffic: 'TrafficPolicy', objectives: 'Objective' } as const satisfies Record<PolicyPart, string>
const BASE_OF_PART: Record<PolicyPart, string> = { access: '/policies/access', mtls: '/policies/mtls', traffic: '/policies/traffic', objectives: '/objectives' }

export type CapabilitiesTab = 'agents' | 'routes' | 'playground' | 'decisions' | 'strangers'

/** `path?a=1&b=2`, leaving out what is null, undefined or empty. */
export function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') params.set(key, String(value))
  const text = params.toString()
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path
}

export const paths = {
  overview: () => '/',
  graph: (query: { select?: string; find?: string; view?: string; trace?: string; from?: string; to?: string } = {}) => withQuery('/graph', query),
  /** Calls from one node of the graph to another. */
  edge: (source: string, target: string) => withQuery('/edges', { source, target }),
  agents: (query: { q?: string; kind?: string; health?: string } = {}) => withQuery('/agents', query),
  agent: (namespace: string, name: string) => `/agents/${segment(namespace)}/${segment(name)}`,
  connect: (query: { agent?: string; way?: 'telemetry' | 'sidecar' } = {}) => withQuery('/agents/connect', query),
  traces: (query: { service?: string; operation?: string; status?: string; from?: string; to?: string; minDurationMs?: number } = {}) => withQuery('/traces', query),
  trace: (traceId: string, query: { span?: string } = {}) => withQuery(`/traces/${segment(traceId)}`, query),
  /** Without a second one, against a trace like it. */
  compareTraces: (a: string, b?: string) => withQuery('/traces/compare', { a, b }),
  sessions: (query: { service?: string } = {}) => withQuery('/sessions', query),
  session: (conversation: string) => `/sessions/${segment(conversation)}`,
  findings: (query: { q?: string; severity?: string } = {}) => withQuery('/findings', query),
  explain: (query: { from?: string; to?: string; method?: string; path?: string } = {}) => withQuery('/explain', query),
  capabilities: ({ tab, ...query }: { tab?: CapabilitiesTab; route?: string; traceId?: string } = {}) => withQuery('/capabilities', { tab: tab === 'agents' ? null : tab, ...query }),
  registered: (namespace: string, name: string) => `/capabilities/agents/${segment(namespace)}/${segment(name)}`,
  agentRoute: (namespace: string, name: string) => `/capabilities/routes/${segment(namespace)}/${segment(name)}`,
  newAgentRoute: () => '/capabilities/routes/new',
  decision: (id: string) => `/capabilities/decisions/${segment(id)}`,
  routes: () => '/routes',
  route: (namespace: string, name: string, query: { tab?: string; pointer?: string } = {}) => withQuery(`/routes/${segment(namespace)}/${segment(name)}`, query),
  grpcRoute: (namespace: string, name: string, query: { tab?: string; pointer?: string } = {}) => withQuery(`/routes/grpc/${segment(namespace)}/${segment(name)}`, query),
  newRoute: (query: { agent?: string; namespace?: string; kind?: string } = {}) => withQuery('/routes/new', query),
  security: () => '/security',
  egress: () => '/egress',
  policies: (part: PolicyPart = 'access') => (part === 'access' ? '/policies' : BASE_OF_PART[part]),
  policy: (part: PolicyPart, namespace: string, name: string, query: { tab?: string } = {}) => withQuery(`${BASE_OF_PART[part]}/${segment(namespace)}/${segment(name)}`, query),
  newPolicy: (part: PolicyPart, query: { agent?: string; namespace?: string } = {}) => withQuery(`${BASE_OF_PART[part]}/new`, query),
  rotation: (id: string) => `/security/rotations/${segment(id)}`,
  proxies: (query: { state?: string } = {}) => withQuery('/proxies', query),
  proxy: (id: string) => `/proxies/${segment(id)}`,
  changes: () => '/changes',
  change: (revision: number) => `/changes/${revision}`,
  audit: () => '/audit',
  settings: () => '/settings',
  signIn: (query: { next?: string } = {}) => withQuery('/sign-in', query),
}

/** The page of an object; null for kinds that have none of their own. */
export function pathOfObject({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string | null {
  switch (kind) {
    case 'HTTPRoute':
      return paths.route(namespace, name)
    case 'GRPCRoute':
      return paths.grpcRoute(namespace, name)
    case 'AgentRoute':
      return paths.agentRoute(namespace, name)
    case 'Agent':
      return paths.agent(namespace, name)
    case 'AuthorizationPolicy':
      return paths.policy('access', namespace, name)
    case 'PeerAuthentication':
      return paths.policy('mtls', namespace, name)
    case 'TrafficPolicy':
      return paths.policy('traffic', namespace, name)
    case 'Objective':
      return paths.policy('objectives', namespace, name)
    default:
      return null
  }
}

/** A URL that came from outside is a link only when it is http or https; anything else is text. */
export function safeHref(value: string): string | null {
  try {
    const url = new URL(value)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
  } catch {
    return null
  }
}
