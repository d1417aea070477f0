import type { Agent, MtlsMode } from '../contracts/agent.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { TrafficPolicySpec } from '../contracts/traffic-policy.ts'
import { allRoutes } from './any-route.ts'
import { compareAge } from './precedence.ts'
import { ownerOf } from './reach.ts'
import { findDeciding } from './targets.ts'

export type TrafficRules = Omit<TrafficPolicySpec, 'targetRefs'>

/** What the policies that name an agent say together; of two that say the same field the older wins, then the first by name. */
export function trafficRulesOf(state: MeshState, agent: Agent): TrafficRules {
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

const stickyByState = new WeakMap<MeshState, Set<Agent>>()

/** True when a rule keeps sessions with this agent's instances: its calls are then spread by hash. */
export function isSticky(state: MeshState, agent: Agent): boolean {
  let sticky = stickyByState.get(state)
  if (!sticky) {
    const rules = allRoutes(state).flatMap((route) => route.spec.rules.map((rule) => ({ route, rule })))
    sticky = new Set(rules.filter(({ rule }) => rule.sessionPersistence).flatMap(({ route, rule }) => rule.backendRefs.flatMap((backend) => ownerOf(state, route, backend) ?? [])))
    stickyByState.set(state, sticky)
  }
  return sticky.has(agent)
}
