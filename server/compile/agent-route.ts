// AgentRoute and capabilities → virtual hosts of plain Envoy configuration. An agent that joins or leaves moves endpoints and the
// weights of one small virtual host; listeners and clusters of others stay as they are.
import type { Agent } from '../contracts/agent.ts'
import type { AgentRoute } from '../contracts/agent-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf, type ObjectRef } from '../contracts/object.ts'
import { agentKey, agentsByCapability, candidatesFor, CAPABILITY_DOOR, CAPABILITY_HEADER, capabilityHost, fallbackOf, findCandidates, hostsOf, MCP_NAME_HEADER, offeredCapabilities, shareOfVersions, sortRoutes, spreadOverCandidates, type Candidate, type Choice, type Offered } from '../mesh/capability.ts'
import { withAnother } from './another-agent.ts'
import type { Json } from './encode.ts'
import { OUTBOUND } from './names.ts'
import { answerAll, backIntoMesh } from './route.ts'
import { DECIDED_HEADER, DECISION_HEADER, wakeSemantic } from './semantic.ts'

export interface AgentRouteHost {
  json: Json
  object: ObjectRef | null
}

/** Virtual hosts of a namespace's callers: one an AgentRoute, one a capability, and the door for headers. */
export function compileAgentRouteHosts(state: MeshState, namespace: string): AgentRouteHost[] {
  const able = agentsByCapability(state, namespace)
  const offered = offeredCapabilities(state, namespace, able)
  const hosts: AgentRouteHost[] = []
  for (const route of sortRoutes(state.agentRoutes, namespace)) {
    const own = hostsOf(route)
    const claimed = offered.filter((one) => one.route === route).map((one) => capabilityHost(one.label))
    hosts.push({ json: virtualHost(own[0], [...own, ...claimed], compileAgentRoute(state, route, namespace, [])), object: refOf(route) })
  }
  for (const one of offered.filter(({ route }) => route === null)) {
    const host = capabilityHost(one.label)
    hosts.push({ json: virtualHost(host, [host], compileOffered({ state, namespace, able }, one, [])), object: null })
  }
  if (offered.length > 0) hosts.push({ json: virtualHost(CAPABILITY_DOOR, [CAPABILITY_DOOR], offered.flatMap((one) => doorRoutes({ state, namespace, able }, one)), 'name an agent that answers: set x-heddle-capability or Mcp-Name'), object: null })
  return hosts
}

function virtualHost(name: string, domains: string[], routes: Json[], otherwise = 'no agent that fits is up'): Json {
  return { name: `${OUTBOUND}/${name}`, domains: [...new Set(domains)], routes: [backIntoMesh(), ...routes, answerAll('nobody', 503, otherwise)] }
}

type HeaderMatch = Json

/** What callers of one namespace can reach. */
interface Within {
  state: MeshState
  namespace: string
  able: ReadonlyMap<string, readonly Agent[]>
}

function doorRoutes(within: Within, offered: Offered): Json[] {
  const named = (header: string): HeaderMatch[] => [{ name: header, string_match: { exact: offered.id } }]
  const isTool = within.able.get(offered.id)?.some((agent) => agent.spec.protocol === 'mcp')
  return [...compileOffered(within, offered, named(CAPABILITY_HEADER)), ...(isTool ? compileOffered(within, offered, named(MCP_NAME_HEADER)) : [])]
}

function compileOffered({ state, namespace, able }: Within, { id, label, route }: Offered, headers: HeaderMatch[]): Json[] {
  if (route) return compileAgentRoute(state, route, namespace, headers)
  return target(`capability/${label}`, spreadOverCandidates(candidatesFor(state, id, able.get(id) ?? []), 'instances'), headers)
}

/** Routes of one AgentRoute, for calls that carry `headers`. Empty when nobody is up. */
function compileAgentRoute(state: MeshState, route: AgentRoute, namespace: string, headers: HeaderMatch[]): Json[] {
  const name = `agentroute/${route.metadata.namespace}/${route.metadata.name}`
  const candidates = findCandidates(state, route, namespace)
  const semantic = route.spec.semantic?.mode ?? 'off'
  const spread = spreadOverCandidates(candidates, route.spec.strategy)
  const fallback = fallbackOf(state, route, namespace)
  if (semantic === 'off') return spread.length > 0 ? target(name, spread, headers, fallback) : target(name, fallback, headers)
  // In shadow calls go as they would without it; enforced, whom the content decides for has a route, and the rest the fallback.
  const decided = semantic === 'enforce' ? candidates.flatMap((candidate) => decidedRoute(name, candidate, fallback, headers)) : []
  const otherwise = semantic === 'shadow' && spread.length > 0 ? spread : fallback
  const rest = target(`${name}/${semantic === 'shadow' ? 'shadow' : 'fallback'}`, otherwise, headers, otherwise === spread ? fallback : [])
  const refused = rest.length > 0 ? rest : [{ ...answerAll(`${name}/nobody`, 503, 'the task fits no agent, and the route names no fallback'), match: { prefix: '/', ...(headers.length > 0 ? { headers } : {}) } }]
  return [...decided, ...refused].map((one) => ({ ...one, typed_per_filter_config: wakeSemantic(), response_headers_to_add: [DECISION_ON_ANSWER] }))
}

/** Empty, and so absent, on a call that nobody decided. */
const DECISION_ON_ANSWER = { header: { key: DECISION_HEADER, value: `%REQ(${DECISION_HEADER})%` }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }

function decidedRoute(name: string, candidate: Candidate, fallback: readonly Choice[], headers: HeaderMatch[]): Json[] {
  const key = agentKey(candidate.agent)
  return target(`${name}/to/${key}`, shareOfVersions(candidate), [...headers, { name: DECIDED_HEADER, string_match: { exact: key } }], fallback)
}

/** One route to weighted versions; none when there is nowhere to go. `instead` takes the calls that reach none of their instances. */
function target(name: string, choices: readonly Choice[], headers: HeaderMatch[], instead: readonly Choice[] = []): Json[] {
  if (choices.length === 0) return []
  return [{ name, match: { prefix: '/', ...(headers.length > 0 ? { headers } : {}) }, decorator: { operation: name, propagate: false }, route: { ...withAnother(choices, instead), timeout: '0s' } }]
}
