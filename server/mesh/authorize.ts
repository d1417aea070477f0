import type { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'

export interface AgentRef {
  namespace: string
  agent: string
}

/** What the policies of a state let one agent do with another: every call, some of them, or none. */
export function mayCall(state: MeshState, caller: AgentRef, target: AgentRef): 'all' | 'some' | 'none' {
  const policies = state.policies.filter((policy) => policy.spec.mode === 'Enforce' && policy.metadata.namespace === target.namespace && policy.spec.targetRefs.some((ref) => ref.name === target.agent))
  const rulesOf = (action: 'Allow' | 'Deny') =>
    policies.filter((policy) => policy.spec.action === action).flatMap((policy) => policy.spec.rules.filter((rule) => matchesCaller(state, policy, rule.from, caller)))
  const denied = rulesOf('Deny')
  if (denied.some((rule) => rule.to.length === 0)) return 'none'
  const hasAllow = policies.some((policy) => policy.spec.action === 'Allow')
  const allowed = rulesOf('Allow')
  if (hasAllow && allowed.length === 0) return 'none'
  const allowsAll = !hasAllow || allowed.some((rule) => rule.to.length === 0)
  return allowsAll && denied.length === 0 ? 'all' : 'some'
}

type From = AuthorizationPolicy['spec']['rules'][number]['from']

/** As the compiler writes it: agents are those of the named namespaces, or of the policy's own; namespaces alone are whole. */
export function matchesCaller(state: MeshState, policy: AuthorizationPolicy, from: From, caller: AgentRef): boolean {
  if (from.length === 0) return true
  const id = spiffeIdOf(state.trustDomain, caller.namespace, caller.agent)
  return from.some((one) => {
    const namespaces = one.namespaces.length > 0 ? one.namespaces : [policy.metadata.namespace]
    const named = one.agents.length > 0 ? one.agents.includes(caller.agent) && namespaces.includes(caller.namespace) : one.namespaces.includes(caller.namespace)
    return named || one.identities.includes(id)
  })
}
