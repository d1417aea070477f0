import type { Agent, MtlsMode } from '../contracts/agent.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { TrafficPolicySpec } from '../contracts/traffic-policy.ts'
import { allRoutes } from './any-route.ts'
import { compareText } from './precedence.ts'

export type TrafficRules = Omit<TrafficPolicySpec, 'targetRefs'>

/** What the policies that name an agent say together; of two that say the same field the older wins, then the first by name. */
export function trafficRulesOf(state: MeshState, agent: Agent): TrafficRules {
  const policies = state.trafficPolicies
    .filter((policy) => policy.metadata.namespace === agent.metadata.namespace && policy.spec.targetRefs.some((target) => target.name === agent.metadata.name))
    .toSorted((a, b) => compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') || compareText(a.metadata.name, b.metadata.name))
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
  const here = state.peerAuthentications
    .filter((one) => one.metadata.namespace === namespace)
    .toSorted((a, b) => compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') || compareText(a.metadata.name, b.metadata.name))
  const named = here.find((one) => one.spec.targetRefs.some((target) => target.name === name))
  const whole = here.find((one) => one.spec.targetRefs.length === 0)
  return (named ?? whole)?.spec.mtls ?? agent.spec.mtls
}

const stickyByState = new WeakMap<MeshState, Set<string>>()

/** True when a rule keeps sessions with this agent's instances: its calls are then spread by hash. */
export function isSticky(state: MeshState, agent: Pick<Agent['metadata'], 'namespace' | 'name'>): boolean {
  let sticky = stickyByState.get(state)
  if (!sticky) {
    const backends = allRoutes(state).flatMap((route) =>
      route.spec.rules.filter((rule) => rule.sessionPersistence).flatMap((rule) => rule.backendRefs.map((backend) => ({ namespace: backend.namespace ?? route.metadata.namespace, ...backend }))),
    )
    const versionOwners = new Map(state.versions.map((version) => [`${version.metadata.namespace}/${version.metadata.name}`, version.spec.agent]))
    sticky = new Set(backends.map(({ kind, namespace, name }) => (kind === 'Agent' ? `${namespace}/${name}` : `${namespace}/${versionOwners.get(`${namespace}/${name}`) ?? name}`)))
    stickyByState.set(state, sticky)
  }
  return sticky.has(`${agent.namespace}/${agent.name}`)
}
