// Policies that decide something else than they seem to.
import type { AuthorizationPolicy } from '../../contracts/authorization-policy.ts'
import { CARD_PATHS } from '../../contracts/card-paths.ts'
import { parseSpiffeId } from '../../contracts/ids.ts'
import type { MeshState } from '../../contracts/mesh-state.ts'
import { canonicalText } from '../change.ts'
import { findAgent } from '../reach.ts'
import { mtlsOf } from '../traffic-policy.ts'
import type { Tell } from './analyze.ts'

type Rule = AuthorizationPolicy['spec']['rules'][number]

const [CARD] = CARD_PATHS

export function analyzePolicies(state: MeshState, tell: Tell): void {
  for (const policy of state.policies) for (const [index, rule] of policy.spec.rules.entries()) tellRule(state, policy, rule, `/spec/rules/${index}`, tell)
  for (const agent of state.agents) {
    const allowing = state.policies.filter((policy) => policy.spec.mode === 'Enforce' && policy.spec.action === 'Allow' && targets(policy, agent.metadata.namespace, agent.metadata.name))
    if (allowing.length === 0 && mtlsOf(state, agent) === 'permissive') tell(agent, '/spec/mtls', 'plaintext_unguarded', 'plaintext is taken and no Allow policy guards it: whoever reaches the port may call')
    else if (allowing.length === 0 && agent.spec.type === 'tool') tell(agent, '', 'tool_unguarded', 'every agent of the mesh may call this tool')
    const [first] = allowing
    if (first && agent.spec.protocol === 'a2a' && !allowing.some((policy) => policy.spec.rules.some(letsCardThrough))) tell(first, '/spec/rules', 'policy_hides_card', `no caller may read the card of ${agent.metadata.name}`)
  }
}

function tellRule(state: MeshState, policy: AuthorizationPolicy, rule: Rule, at: string, tell: Tell): void {
  const { namespace } = policy.metadata
  if (rule.from.length > 0 && !rule.from.some((caller) => isThere(state, namespace, caller))) tell(policy, `${at}/from`, 'policy_matches_nobody', 'none of these callers is known to the mesh')
  if (rule.from.length === 0 && rule.to.length === 0) {
    if (policy.spec.action === 'Allow') tell(policy, at, 'policy_allows_everybody', 'this rule names neither callers nor operations')
    else tell(policy, at, 'policy_denies_everything', 'this rule refuses every call of every caller')
  }
  if (policy.spec.action === 'Allow') {
    const overruling = state.policies.find((other) => other.spec.mode === 'Enforce' && other.spec.action === 'Deny' && policy.spec.targetRefs.every((target) => targets(other, namespace, target.name)) && other.spec.rules.some((denied) => overrules(denied, rule)))
    if (overruling) tell(policy, at, 'policy_allow_overruled', `AuthorizationPolicy “${overruling.metadata.name}” denies all that this rule allows`)
  }
  const tcp = policy.spec.targetRefs.find((target) => findAgent(state, namespace, target.name)?.spec.protocol === 'tcp')
  if (tcp && rule.to.length > 0) tell(policy, `${at}/to`, 'policy_paths_on_tcp', `${tcp.name} speaks TCP, so no operation ever fits`)
}

function isThere(state: MeshState, home: string, caller: Rule['from'][number]): boolean {
  const namespaces = caller.namespaces.length > 0 ? caller.namespaces : [home]
  if (caller.agents.some((agent) => namespaces.some((namespace) => findAgent(state, namespace, agent)))) return true
  if (caller.agents.length === 0 && caller.namespaces.some((namespace) => state.agents.some((agent) => agent.metadata.namespace === namespace))) return true
  return caller.identities.some((identity) => {
    const id = parseSpiffeId(identity)
    return id !== null && id.trustDomain === state.trustDomain && findAgent(state, id.namespace, id.agent) !== undefined
  })
}

function overrules(denied: Rule, allowed: Rule): boolean {
  const everybody = denied.from.length === 0 || canonicalText(denied.from) === canonicalText(allowed.from)
  const everything = denied.to.length === 0 || canonicalText(denied.to) === canonicalText(allowed.to)
  return everybody && everything
}

function letsCardThrough(rule: Rule): boolean {
  if (rule.to.length === 0) return true
  return rule.to.some(({ methods, paths }) => (methods.length === 0 || methods.includes('GET')) && (paths.length === 0 || paths.some((path) => (path.endsWith('*') ? CARD.startsWith(path.slice(0, -1)) : path === CARD))))
}

function targets(policy: AuthorizationPolicy, namespace: string, agent: string): boolean {
  return policy.metadata.namespace === namespace && policy.spec.targetRefs.some((target) => target.name === agent)
}
