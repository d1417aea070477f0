// Who can reach an agent and what an agent can reach, by names, routes, revocations and policies; instances that are down count as up.
import type { Agent } from '../contracts/agent.ts'
import type { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { describeRef, refOf } from '../contracts/object.ts'
import type { Reach, ReachRow, ReachVerdict } from '../contracts/reach.ts'
import { matchesCaller, mayCall, type AgentRef } from './authorize.ts'
import { agentKey } from './capability.ts'
import { compareText } from './precedence.ts'
import { instancesOf } from './reach.ts'
import { namesByAgent } from './reach-names.ts'
import { mtlsOf } from './traffic-policy.ts'

const RANK: Record<ReachVerdict, number> = { all: 0, some: 1, none: 2 }

/** Every other agent with what it may do with `agent` (`callers`), or with what `agent` may do with it (`callees`). */
export function reachOf(state: MeshState, agent: Agent, direction: Reach['direction']): Reach {
  const namesIn = new Map<string, Map<string, string[]>>()
  const namesOf = (caller: Agent, target: Agent) => {
    const { namespace } = caller.metadata
    const known = namesIn.get(namespace) ?? namesByAgent(state, namespace)
    namesIn.set(namespace, known)
    return known.get(agentKey(target)) ?? []
  }
  const items = state.agents
    .filter((other) => other !== agent)
    .map((other): ReachRow => {
      const [caller, target] = direction === 'callers' ? [other, agent] : [agent, other]
      return { agent: agentKey(other), ...reachBetween(state, caller, target, namesOf(caller, target)) }
    })
    .toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict] || compareText(a.agent, b.agent))
  const count = (verdict: ReachVerdict) => items.filter((row) => row.verdict === verdict).length
  const asCallee = direction === 'callers'
  return {
    revision: state.revision,
    agent: agentKey(agent),
    direction,
    counts: { all: count('all'), some: count('some'), none: count('none') },
    plaintext: asCallee ? reachInPlaintext(state, agent) : null,
    unguarded: asCallee ? instancesOf(state, agent).filter(({ tls }) => !tls).length : null,
    items,
  }
}

function reachBetween(state: MeshState, callerAgent: Agent, target: Agent, names: string[]): Omit<ReachRow, 'agent'> {
  const [caller, callee] = [refOfAgent(callerAgent), refOfAgent(target)]
  const id = spiffeIdOf(state.trustDomain, caller.namespace, caller.agent)
  const policies = enforcedOn(state, target)
  const guarded = policies.some((policy) => policy.spec.action === 'Allow')
  const concerning = policies.filter((policy) => policy.spec.rules.some((rule) => matchesCaller(state, policy, rule.from, caller)))
  const refs = (list: readonly AuthorizationPolicy[]) => list.map((policy) => refOf(policy))
  if (state.revoked.includes(id)) return { verdict: 'none', names, why: `${id} is revoked.`, policies: [] }
  if (names.length === 0) return { verdict: 'none', names, why: `No name that ${caller.namespace} may call leads to ${agentKey(target)}.`, policies: [] }
  const verdict = mayCall(state, caller, callee)
  switch (verdict) {
    case 'all':
      return guarded ? { verdict, names, why: `Every call, by ${namesOfPolicies(concerning)}.`, policies: refs(concerning) } : { verdict, names, why: 'Every call: no Allow policy guards it.', policies: [] }
    case 'some':
      return { verdict, names, why: describeSome(state, concerning, caller), policies: refs(concerning) }
    case 'none': {
      const denying = concerning.filter((policy) => policy.spec.action === 'Deny' && policy.spec.rules.some((rule) => rule.to.length === 0 && matchesCaller(state, policy, rule.from, caller)))
      if (denying.length > 0) return { verdict, names, why: `Every call is refused by ${namesOfPolicies(denying)}.`, policies: refs(denying) }
      const allowing = policies.filter((policy) => policy.spec.action === 'Allow')
      return { verdict, names, why: `No rule of ${namesOfPolicies(allowing)} names it.`, policies: refs(allowing) }
    }
  }
}

/** `Only POST /mcp*, by AuthorizationPolicy default/search-tools; never GET /admin*, by …`. */
function describeSome(state: MeshState, policies: readonly AuthorizationPolicy[], caller: AgentRef): string {
  const of = (action: 'Allow' | 'Deny') => policies.filter((policy) => policy.spec.action === action)
  const calls = (list: readonly AuthorizationPolicy[]) => list.flatMap((policy) => policy.spec.rules.filter((rule) => matchesCaller(state, policy, rule.from, caller)).flatMap((rule) => (rule.to.length === 0 ? ['every call'] : rule.to.map(describeOperation))))
  const [allowing, denying] = [of('Allow'), of('Deny')]
  const may = allowing.length > 0 && !calls(allowing).includes('every call') ? `Only ${calls(allowing).join(' or ')}, by ${namesOfPolicies(allowing)}` : 'Every call'
  return denying.length > 0 ? `${may}${may.startsWith('Only') ? '; never' : ' but'} ${calls(denying).join(' or ')}, refused by ${namesOfPolicies(denying)}.` : `${may}.`
}

function describeOperation({ methods, paths }: AuthorizationPolicy['spec']['rules'][number]['to'][number]): string {
  return [methods.join(', '), paths.join(', ')].filter((words) => words !== '').join(' ') || 'every call'
}

/** As the compiler writes it: a principal without callers takes whoever comes, an identity or not. */
function reachInPlaintext(state: MeshState, agent: Agent): ReachVerdict {
  if (mtlsOf(state, agent) !== 'permissive') return 'none'
  const policies = enforcedOn(state, agent)
  const open = (action: 'Allow' | 'Deny') => policies.filter((policy) => policy.spec.action === action).flatMap((policy) => policy.spec.rules.filter((rule) => rule.from.length === 0))
  const [allowed, denied] = [open('Allow'), open('Deny')]
  if (denied.some((rule) => rule.to.length === 0)) return 'none'
  const guarded = policies.some((policy) => policy.spec.action === 'Allow')
  if (guarded && allowed.length === 0) return 'none'
  return denied.length === 0 && (!guarded || allowed.some((rule) => rule.to.length === 0)) ? 'all' : 'some'
}

function enforcedOn(state: MeshState, { metadata }: Agent): AuthorizationPolicy[] {
  return state.policies
    .filter((policy) => policy.spec.mode === 'Enforce' && policy.metadata.namespace === metadata.namespace && policy.spec.targetRefs.some((target) => target.name === metadata.name))
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))
}

function refOfAgent({ metadata }: Agent): AgentRef {
  return { namespace: metadata.namespace, agent: metadata.name }
}

function namesOfPolicies(policies: readonly AuthorizationPolicy[]): string {
  return policies.map((policy) => describeRef(refOf(policy))).join(' and ')
}
