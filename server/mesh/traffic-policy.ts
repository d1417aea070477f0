import { isDeepStrictEqual } from 'node:util'
import type { Agent, MtlsMode } from '../contracts/agent.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { TrafficPolicySpec } from '../contracts/traffic-policy.ts'
import { allRoutes, type AnyRoute } from './any-route.ts'
import { Kept } from './kept.ts'
import { compareAge } from './precedence.ts'
import { ownerOf } from './reach.ts'
import { findDeciding } from './targets.ts'

export type TrafficRules = Omit<TrafficPolicySpec, 'targetRefs'>

/** What the policies that name an agent say together; of two that say the same field the older wins, then the first by name. */
export function trafficRulesOf(state: MeshState, agent: Agent): TrafficRules {
  return keptRules.of(agent, '', [state.trafficPolicies], (before) => {
    const rules = joinRules(state, agent)
    return before && isDeepStrictEqual(before, rules) ? before : rules
  })
}

const keptRules = new Kept<Agent, TrafficRules>()

function joinRules(state: MeshState, agent: Agent): TrafficRules {
  const policies = state.trafficPolicies
    .filter((policy) => policy.metadata.namespace === agent.metadata.namespace && policy.spec.targetRefs.some((target) => target.name === agent.metadata.name))
    .toSorted(compareAge)
  const rules: TrafficRules = {}
  for (const { spec } of policies.toReversed()) {
    const { targetRefs: _, ...fields } = spec
    Object.assign(rules, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)))
  }
  return rules
}

/** A policy that names the agent, else one of its whole namespace, else what the agent itself says. */
export function mtlsOf(state: MeshState, agent: Agent): MtlsMode {
  const { namespace, name } = agent.metadata
  return findDeciding(state.peerAuthentications, { namespace, agent: name })?.spec.mtls ?? agent.spec.mtls
}

const keptSticky = new Kept<ReturnType<typeof allRoutes>, ReadonlySet<Agent>>()

/** True when a rule keeps sessions with this agent's instances: its calls are then spread by hash. */
export function isSticky(state: MeshState, agent: Agent): boolean {
  const routes = allRoutes(state)
  // Whose a version without an object is, instances can tell.
  return keptSticky.of(routes, '', [state.agents, state.versions, state.instances], () => findSticky(state, routes)).has(agent)
}

function findSticky(state: MeshState, routes: readonly AnyRoute[]): Set<Agent> {
  const rules = routes.flatMap((route) => route.spec.rules.filter((rule) => rule.sessionPersistence).map((rule) => ({ route, rule })))
  return new Set(rules.flatMap(({ route, rule }) => rule.backendRefs.flatMap((backend) => ownerOf(state, route, backend) ?? [])))
}
