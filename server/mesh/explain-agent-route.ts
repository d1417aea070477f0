// Calls that name no agent but what they need: an AgentRoute, or a capability. Who may get them, in which shares.
import type { Agent } from '../contracts/agent.ts'
import type { AgentRoute } from '../contracts/agent-route.ts'
import type { Explanation } from '../contracts/explain.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf } from '../contracts/object.ts'
import { agentKey, agentsByCapability, candidatesFor, CAPABILITY_DOOR, CAPABILITY_HEADER, capabilityHost, fallbackOf, findCandidates, hostsOf, MCP_NAME_HEADER, offeredCapabilities, sortRoutes, spreadOverCandidates, type Candidate, type Choice } from './capability.ts'

export type Asked = { kind: 'route'; route: AgentRoute } | { kind: 'capability'; id: string; able: readonly Agent[] } | { kind: 'nothing' }

/** What a host asks for, at the door what a header asks for; null for a host of another kind. */
export function findAsked(state: MeshState, namespace: string, host: string, headers: Readonly<Record<string, string>>): Asked | null {
  const named = sortRoutes(state.agentRoutes, namespace).find((route) => hostsOf(route).includes(host))
  if (named) return { kind: 'route', route: named }
  if (host !== CAPABILITY_DOOR && !/^capability\.[^.]+\.mesh$/.test(host)) return null
  const able = agentsByCapability(state, namespace)
  const isAsked = (id: string) => headers[CAPABILITY_HEADER] === id || (headers[MCP_NAME_HEADER] === id && able.get(id)?.some((agent) => agent.spec.protocol === 'mcp'))
  const one = offeredCapabilities(state, namespace, able).find(({ id, label }) => (host === CAPABILITY_DOOR ? isAsked(id) : capabilityHost(label) === host))
  if (!one) return { kind: 'nothing' }
  return one.route ? { kind: 'route', route: one.route } : { kind: 'capability', id: one.id, able: able.get(one.id) ?? [] }
}

export interface Chosen {
  considered: Explanation['considered']
  choices: readonly Choice[]
  /** Why nobody answers, when nobody does. */
  nobody: string
}

/** Who gets a call whose content nobody has read: explain takes no body. */
export function chooseFor(state: MeshState, namespace: string, asked: Asked): Chosen {
  if (asked.kind === 'nothing') return { considered: [], choices: [], nobody: `no agent that can be called from ${namespace} has the capability that is asked for` }
  if (asked.kind === 'capability') return { considered: [], choices: spreadOverCandidates(candidatesFor(state, asked.id, asked.able), 'instances'), nobody: `no agent that has ${asked.id} is up` }
  const { route } = asked
  const candidates = findCandidates(state, route, namespace)
  const spread = spreadOverCandidates(candidates, route.spec.strategy)
  const fallback = fallbackOf(state, route, namespace)
  if (route.spec.semantic?.mode === 'enforce') return { considered: byContent(route, candidates, fallback), choices: fallback, nobody: 'the content fits no agent, and the route names no fallback' }
  const why = spread.length > 0 ? `fits: ${describeCandidates(candidates)}, by ${route.spec.strategy}` : 'nobody who fits is up: the fallback'
  return { considered: [consider(route, { match: 0, won: true, why })], choices: spread.length > 0 ? spread : fallback, nobody: 'no agent that fits is up' }
}

function byContent(route: AgentRoute, candidates: readonly Candidate[], fallback: readonly Choice[]): Explanation['considered'] {
  const named = candidates.map(({ agent }, match) => consider(route, { match, won: false, why: `when the content decides for ${agentKey(agent)}; the playground of semantic routing says for whom it does` }))
  return fallback.length > 0 ? [...named, consider(route, { match: named.length, won: true, why: 'fits: content that decides for nobody goes to the fallback' })] : named
}

function consider(route: AgentRoute, said: { match: number; won: boolean; why: string }): Explanation['considered'][number] {
  return { object: refOf(route), rule: 0, ruleName: null, ...said }
}

function describeCandidates(candidates: readonly Candidate[]): string {
  return candidates.length === 1 ? '1 agent fits' : `${candidates.length} agents fit`
}
