// Who may call an agent, as two RBAC filters: first what is denied, then what is allowed. Both live in the route configuration:
// a denied identity is refused on its live connection with the next push, and nothing drains.
import type { Agent } from '../contracts/agent.ts'
import type { AuthorizationPolicy, AuthorizationPolicySpec, Caller, Operation } from '../contracts/authorization-policy.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { compareText } from '../mesh/precedence.ts'
import type { z } from 'zod'
import type { Json } from './encode.ts'
import { typeUrl } from './names.ts'

/** Names in the filter chain, and the keys of the per-host rules. */
export const RBAC_FILTER = { deny: 'heddle.deny', allow: 'heddle.allow' } as const

const ANY = { any: true }

/** The two filters without rules: they let pass until the virtual host says more. */
export function rbacFilters(): Json[] {
  return Object.values(RBAC_FILTER).map((name) => ({ name, typed_config: { '@type': typeUrl('envoy.extensions.filters.http.rbac.v3.RBAC') } }))
}

/** Per-host rules of an agent's inbound virtual host. */
export function compileRbac(state: MeshState, agent: Agent): Json {
  const policies = state.policies
    .filter((policy) => policy.metadata.namespace === agent.metadata.namespace && policy.spec.targetRefs.some((target) => target.name === agent.metadata.name))
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))
  const denied = policies.filter((policy) => policy.spec.action === 'Deny')
  const allowed = policies.filter((policy) => policy.spec.action === 'Allow')
  return {
    [RBAC_FILTER.deny]: perRoute('DENY', { ...revokedPolicy(state.revoked), ...rulesOf(denied, state.trustDomain) }),
    [RBAC_FILTER.allow]: perRoute('ALLOW', allowed.length > 0 ? rulesOf(allowed, state.trustDomain) : defaultPolicy(state.trustDomain, agent)),
  }
}

function perRoute(action: 'ALLOW' | 'DENY', policies: Json): Json {
  return { '@type': typeUrl('envoy.extensions.filters.http.rbac.v3.RBACPerRoute'), rbac: { rules: { action, policies } } }
}

/** Whatever a policy says, a revoked identity is refused. */
function revokedPolicy(revoked: readonly string[]): Json {
  if (revoked.length === 0) return {}
  return { revoked: { permissions: [ANY], principals: revoked.toSorted(compareText).map((id) => identity({ exact: id })) } }
}

/** Without an Allow policy: everyone of our trust domain, and with permissive mTLS those who bring no identity as well. */
function defaultPolicy(trustDomain: string, agent: Agent): Json {
  const principals = agent.spec.mtls === 'permissive' ? [ANY] : [identity({ prefix: `spiffe://${trustDomain}/` })]
  return { default: { permissions: [ANY], principals } }
}

function rulesOf(policies: readonly AuthorizationPolicy[], trustDomain: string): Json {
  return Object.fromEntries(
    policies.flatMap((policy) =>
      policy.spec.rules.map((rule, index) => [`${policy.metadata.namespace}/${policy.metadata.name}/${index}`, compileRule(rule, trustDomain, policy.metadata.namespace)]),
    ),
  )
}

function compileRule(rule: AuthorizationPolicySpec['rules'][number], trustDomain: string, namespace: string): Json {
  return {
    permissions: rule.to.length > 0 ? rule.to.map(permission) : [ANY],
    principals: rule.from.length > 0 ? rule.from.flatMap((caller) => principalsOf(caller, trustDomain, namespace)) : [ANY],
  }
}

function principalsOf(caller: z.infer<typeof Caller>, trustDomain: string, home: string): Json[] {
  const namespaces = caller.namespaces.length > 0 ? caller.namespaces : [home]
  const whole = caller.agents.length === 0 ? caller.namespaces : []
  return [
    ...caller.identities.map((id) => identity({ exact: id })),
    ...caller.agents.flatMap((agent) => namespaces.map((namespace) => identity({ exact: spiffeIdOf(trustDomain, namespace, agent) }))),
    ...whole.map((namespace) => identity({ prefix: `spiffe://${trustDomain}/ns/${namespace}/` })),
  ]
}

function identity(principal_name: Json): Json {
  return { authenticated: { principal_name } }
}

function permission(operation: z.infer<typeof Operation>): Json {
  const rules = [
    ...(operation.methods.length > 0 ? [anyOf(operation.methods.map((method) => ({ header: { name: ':method', string_match: { exact: method } } })))] : []),
    ...(operation.paths.length > 0 ? [anyOf(operation.paths.map((path) => ({ url_path: { path: path.endsWith('*') ? { prefix: path.slice(0, -1) } : { exact: path } } })))] : []),
  ]
  return rules.length > 0 ? { and_rules: { rules } } : ANY
}

function anyOf(rules: Json[]): Json {
  return { or_rules: { rules } }
}
