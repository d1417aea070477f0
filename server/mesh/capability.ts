// Who can do what is asked: the agents that fit an AgentRoute, and the capabilities that callers may name.
import type { Agent, Capability } from '../contracts/agent.ts'
import type { AgentRef, AgentRoute, Requirement } from '../contracts/agent-route.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { usableWeight } from './instance-health.ts'
import { compareAge, compareText } from './precedence.ts'
import { findAgent, instancesOf, isExportedTo, reachableAgents, versionsOf, type Version } from './reach.ts'
import { commonMultiple, WEIGHT_SUM_MAX } from './weights.ts'

export interface Candidate {
  agent: Agent
  /** Versions that the route allows. */
  versions: readonly Version[]
  /** What of the agent answers the requirement. */
  capabilities: Capability[]
}

/** `namespace/name`: how a decision and a header name an agent. */
export function agentKey(agent: Agent): string {
  return `${agent.metadata.namespace}/${agent.metadata.name}`
}

/** Capabilities become names under `.mesh`: `sut_agent` is `capability.sut-agent.mesh`. Null for an id that leaves nothing. */
export function capabilityLabel(id: string): string | null {
  const label = id.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 63).replace(/-+$/, '')
  return label === '' ? null : label
}

export function capabilityHost(label: string): string {
  return `capability.${label}.mesh`
}

/** Where a capability is asked for by header. */
export const CAPABILITY_DOOR = 'capability.mesh'
export const CAPABILITY_HEADER = 'x-heddle-capability'
/** https://modelcontextprotocol.io/specification/draft: the tool of a `tools/call`, so that a proxy need not read the body. */
export const MCP_NAME_HEADER = 'mcp-name'

/** The host names of an AgentRoute, apart from the capability that it may claim. */
export function hostsOf(route: AgentRoute): [string, ...string[]] {
  return [`${route.metadata.name}.${route.metadata.namespace}.route.mesh`, ...route.spec.hostnames]
}

/** Agents that fit a route for callers in `namespace`, preferred first, whether or not one of their instances is up. */
export function findCandidates(state: MeshState, route: AgentRoute, namespace: string): Candidate[] {
  return namedOrAll(state, route, namespace).flatMap((agent) => {
    const fit = fitTo(state, agent, route.spec.require)
    return fit ? [fit] : []
  })
}

function namedOrAll(state: MeshState, route: AgentRoute, namespace: string): readonly Agent[] {
  if (route.spec.candidates.length === 0) return reachableAgents(state, namespace)
  const named = route.spec.candidates.flatMap((ref) => findRef(state, route, ref) ?? [])
  return [...new Set(named)].filter((agent) => isExportedTo(agent, namespace))
}

export function findRef(state: MeshState, route: AgentRoute, ref: AgentRef): Agent | undefined {
  return findAgent(state, ref.namespace ?? route.metadata.namespace, ref.name)
}

/** The agent as a candidate; null when a condition does not hold. */
export function fitTo(state: MeshState, agent: Agent, require: Requirement): Candidate | null {
  if (require.owner !== undefined && agent.spec.owner !== require.owner) return null
  if (require.priceMax !== undefined && (agent.spec.price === undefined || agent.spec.price > require.priceMax)) return null
  if (require.trust.includes('signedCard') && !state.signedAgents.includes(agentKey(agent))) return null
  if (require.trust.includes('mtls') && instancesOf(state, agent).some((instance) => !instance.tls)) return null
  const capabilities = agent.spec.capabilities.filter((capability) => answers(capability, require))
  const asksCapability = require.capability !== undefined || require.tags.length + require.inputModes.length + require.outputModes.length > 0
  if (asksCapability && capabilities.length === 0) return null
  const versions = versionsOf(state, agent).filter(({ version }) => require.versions.length === 0 || require.versions.some((one) => one === version))
  if (require.versions.length > 0 && versions.length === 0) return null
  return { agent, versions, capabilities }
}

function answers(capability: Capability, require: Requirement): boolean {
  return (
    (require.capability === undefined || capability.id === require.capability) &&
    require.tags.every((tag) => capability.tags.includes(tag)) &&
    require.inputModes.every((mode) => capability.inputModes.includes(mode)) &&
    require.outputModes.every((mode) => capability.outputModes.includes(mode))
  )
}

export interface Choice {
  version: Version
  weight: number
}

/** Shares of a route's calls by its strategy, of what is up. Empty when nothing is. */
export function spreadOverCandidates(candidates: readonly Candidate[], strategy: AgentRoute['spec']['strategy']): Choice[] {
  const up = candidates.map((candidate) => ({ candidate, choices: shareOfVersions(candidate) })).filter(({ choices }) => choices.length > 0)
  switch (strategy) {
    case 'instances':
      return up.flatMap(({ choices }) => choices)
    case 'even':
      return evenOut(up.map(({ choices }) => choices))
    case 'price': {
      const priceOf = (agent: Agent) => agent.spec.price ?? Number.POSITIVE_INFINITY
      const least = Math.min(...up.map(({ candidate }) => priceOf(candidate.agent)))
      return evenOut(up.filter(({ candidate }) => priceOf(candidate.agent) === least).map(({ choices }) => choices))
    }
    case 'preference':
      return up[0]?.choices ?? []
  }
}

export function shareOfVersions({ versions }: Candidate): Choice[] {
  return versions.map((version) => ({ version, weight: version.instances.reduce((sum, instance) => sum + usableWeight(instance), 0) })).filter(({ weight }) => weight > 0)
}

/** Who gets what nobody who fits can take. */
export function fallbackOf(state: MeshState, route: AgentRoute, namespace: string): Choice[] {
  const agent = route.spec.fallback && findRef(state, route, route.spec.fallback)
  if (!agent || !isExportedTo(agent, namespace)) return []
  return shareOfVersions({ agent, versions: versionsOf(state, agent), capabilities: [] })
}

/** Each agent alike, its versions by their instances: exact, as long as the whole is a sum that Envoy takes. */
function evenOut(agents: readonly Choice[][]): Choice[] {
  const sums = agents.map((choices) => choices.reduce((sum, { weight }) => sum + weight, 0))
  const multiple = commonMultiple(sums, Math.floor(WEIGHT_SUM_MAX / agents.length))
  return agents.flatMap((choices, index) => choices.map(({ version, weight }) => ({ version, weight: Math.max(1, Math.floor((weight * multiple) / (sums[index] ?? 1))) })))
}

/** Agents that callers in a namespace may name, by each capability that they have; each once, by namespace and name. */
export function agentsByCapability(state: MeshState, namespace: string): Map<string, Agent[]> {
  const able = new Map<string, Agent[]>()
  for (const agent of reachableAgents(state, namespace))
    for (const id of new Set(agent.spec.capabilities.map((capability) => capability.id))) {
      const others = able.get(id)
      if (others) others.push(agent)
      else able.set(id, [agent])
    }
  return able
}

/** Agents that have a capability, whatever else may be asked. */
export function candidatesFor(state: MeshState, capability: string, able: readonly Agent[]): Candidate[] {
  const require = { capability, tags: [], inputModes: [], outputModes: [], versions: [], trust: [] }
  return able.flatMap((agent) => fitTo(state, agent, require) ?? [])
}

/** A capability that callers in a namespace may ask for by name alone. */
export interface Offered {
  id: string
  label: string
  /** The AgentRoute that says how it is chosen; null: every agent that has it, by ready instances. */
  route: AgentRoute | null
}

/** Beyond this many, the first by name: each is a virtual host of every proxy. */
export const OFFERED_MAX = 2000

/** Every capability of an agent that can be reached, by label; of two ids with one label the first by name. */
export function offeredCapabilities(state: MeshState, namespace: string, able = agentsByCapability(state, namespace)): Offered[] {
  const claims = new Map(claimedCapabilities(state, namespace).map((route) => [route.spec.require.capability ?? '', route]))
  const ids = new Set([...able.keys(), ...claims.keys()])
  const byLabel = new Map<string, Offered>()
  for (const id of [...ids].sort(compareText)) {
    const label = capabilityLabel(id)
    if (label !== null && !byLabel.has(label)) byLabel.set(label, { id, label, route: claims.get(id) ?? null })
  }
  return [...byLabel.values()].slice(0, OFFERED_MAX)
}

/** Routes that say how a capability is chosen for callers of a namespace: their own namespace's first, then the oldest. */
function claimedCapabilities(state: MeshState, namespace: string): AgentRoute[] {
  const claims = sortRoutes(state.agentRoutes, namespace).filter(({ spec }) => spec.require.capability !== undefined && spec.hostnames.length === 0)
  return claims.filter((route, index) => claims.findIndex((one) => one.spec.require.capability === route.spec.require.capability) === index)
}

export function sortRoutes(routes: readonly AgentRoute[], namespace: string): AgentRoute[] {
  const isOwn = (route: AgentRoute) => Number(route.metadata.namespace === namespace)
  return routes.toSorted((a, b) => isOwn(b) - isOwn(a) || compareAge(a, b))
}
