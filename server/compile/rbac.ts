// Who may call an agent, as two RBAC filters: first what is denied, then what is allowed. Both live in the route configuration:
// a denied identity is refused on its live connection with the next push, and nothing drains.
import type { Agent } from '../contracts/agent.ts'
import type { AuthorizationPolicy, AuthorizationPolicySpec, Caller, Operation } from '../contracts/authorization-policy.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { compareText } from '../mesh/precedence.ts'
import { mtlsOf } from '../mesh/traffic-policy.ts'
import type { z } from 'zod'
import type { Json } from './encode.ts'
import { allowTools, denyTools, wakeMcp } from './mcp.ts'
import { typeUrl } from './names.ts'

/** Names in the filter chain, and the keys of the per-host rules. */
export const RBAC_FILTER = { deny: 'heddle.deny', allow: 'heddle.allow' } as const

/** What Audit policies would have done, for spans; a call that none concerns leaves it out. */
const AUDIT_PREFIX = { deny: 'audit_deny.', allow: 'audit_allow.' } as const
export const AUDIT_RESULT = Object.values(AUDIT_PREFIX)
  .map((prefix) => ['engine_result', 'effective_policy_id'].map((field) => `%DYNAMIC_METADATA(envoy.filters.http.rbac:${prefix}shadow_${field})%`).join(' '))
  .join(' ')

const ANY = { any: true }

/** The two filters without rules: they let pass until the virtual host says more. */
export function rbacFilters(): Json[] {
  return (['deny', 'allow'] as const).map((side) => ({
    name: RBAC_FILTER[side],
    typed_config: { '@type': typeUrl('envoy.extensions.filters.http.rbac.v3.RBAC'), shadow_rules_stat_prefix: AUDIT_PREFIX[side] },
  }))
}

/** Per-host rules of an agent's inbound virtual host. */
export function compileRbac(state: MeshState, agent: Agent): Json {
  const policies = state.policies
    .filter((policy) => policy.metadata.namespace === agent.metadata.namespace && policy.spec.targetRefs.some((target) => target.name === agent.metadata.name))
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))
  const enforced = policies.filter((policy) => policy.spec.mode === 'Enforce')
  const of = (list: AuthorizationPolicy[], action: 'Allow' | 'Deny') => list.filter((policy) => policy.spec.action === action)
  const deny = (list: AuthorizationPolicy[]) => ({ ...revokedPolicy(state.revoked), ...rulesOf(of(list, 'Deny'), state.trustDomain) })
  const allow = (list: AuthorizationPolicy[]) => {
    const allowed = of(list, 'Allow')
    return allowed.length > 0 ? rulesOf(allowed, state.trustDomain) : defaultPolicy(state, agent)
  }
  const audits = (action: 'Allow' | 'Deny') => of(policies, action).length > of(enforced, action).length
  return {
    ...(policies.some((policy) => policy.spec.rules.some((rule) => rule.to.some(({ tools }) => tools.length > 0))) ? wakeMcp() : {}),
    [RBAC_FILTER.deny]: perRoute('DENY', { rules: deny(enforced), audited: audits('Deny') ? deny(policies) : null }),
    [RBAC_FILTER.allow]: perRoute('ALLOW', { rules: allow(enforced), audited: audits('Allow') ? allow(policies) : null }),
  }
}

/** `audited` is what the rules would be with the Audit policies enforced. */
function perRoute(action: 'ALLOW' | 'DENY', { rules, audited }: { rules: Json; audited: Json | null }): Json {
  const prefix = action === 'DENY' ? AUDIT_PREFIX.deny : AUDIT_PREFIX.allow
  const shadow = audited ? { shadow_rules: { action, policies: audited }, shadow_rules_stat_prefix: prefix } : {}
  return { '@type': typeUrl('envoy.extensions.filters.http.rbac.v3.RBACPerRoute'), rbac: { rules: { action, policies: rules }, ...shadow } }
}

/** Whatever a policy says, a revoked identity is refused. */
function revokedPolicy(revoked: readonly string[]): Json {
  if (revoked.length === 0) return {}
  return { revoked: { permissions: [ANY], principals: revoked.toSorted(compareText).map((id) => identity({ exact: id })) } }
}

/** Without an Allow policy: everyone of our trust domain, and with permissive mTLS those who bring no identity as well. */
function defaultPolicy(state: MeshState, agent: Agent): Json {
  const principals = mtlsOf(state, agent) === 'permissive' ? [ANY] : [identity({ prefix: `spiffe://${state.trustDomain}/` })]
  return { default: { permissions: [ANY], principals } }
}

function rulesOf(policies: readonly AuthorizationPolicy[], trustDomain: string): Json {
  return Object.fromEntries(
    policies.flatMap((policy) =>
      policy.spec.rules.map((rule, index) => [`${policy.metadata.namespace}/${policy.metadata.name}/${index}`, compileRule(policy, rule, trustDomain)]),
    ),
  )
}

function compileRule({ metadata, spec }: AuthorizationPolicy, rule: AuthorizationPolicySpec['rules'][number], trustDomain: string): Json {
  return {
    permissions: rule.to.length > 0 ? rule.to.map((operation) => permission(operation, spec.action)) : [ANY],
    principals: rule.from.length > 0 ? rule.from.flatMap((caller) => principalsOf(caller, trustDomain, metadata.namespace)) : [ANY],
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

function permission(operation: z.infer<typeof Operation>, action: AuthorizationPolicySpec['action']): Json {
  const rules = [
    ...(operation.methods.length > 0 ? [anyOf(operation.methods.map((method) => ({ header: { name: ':method', string_match: { exact: method } } })))] : []),
    ...(operation.paths.length > 0 ? [anyOf(operation.paths.map((path) => ({ url_path: { path: path.endsWith('*') ? { prefix: path.slice(0, -1) } : { exact: path } } })))] : []),
    ...(operation.tools.length > 0 ? [action === 'Allow' ? allowTools(operation.tools) : denyTools(operation.tools)] : []),
  ]
  return rules.length > 0 ? { and_rules: { rules } } : ANY
}

function anyOf(rules: Json[]): Json {
  return { or_rules: { rules } }
}
