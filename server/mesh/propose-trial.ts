// A policy tried on calls that were really made: whose answer would be another one with it enforced.
import type { Agent } from '../contracts/agent.ts'
import { parseSpiffeId } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { describeRef, refOf } from '../contracts/object.ts'
import type { ObservedCall, ObservedCalls, PolicyTrial, TrialRow, TriablePolicy } from '../contracts/policy-trial.ts'
import { applyChanges, findObject } from './change.ts'
import { explainPolicies } from './explain-policy.ts'
import { findAgent } from './reach.ts'
import { mtlsOf } from './traffic-policy.ts'

/** The agents whose calls a policy decides, or decided in its stored form; a PeerAuthentication that names none decides for its whole namespace. */
export function agentsOfTrial(state: MeshState, policy: TriablePolicy): Agent[] {
  const stored = findObject(state, refOf(policy))
  const forms = [policy, ...(stored?.kind === policy.kind ? [stored] : [])]
  if (policy.kind === 'PeerAuthentication' && forms.some(({ spec }) => spec.targetRefs.length === 0)) return state.agents.filter((agent) => agent.metadata.namespace === policy.metadata.namespace)
  const targets = forms.flatMap(({ spec }) => spec.targetRefs)
  const names = new Set(targets.map((target) => target.name))
  return [...names].flatMap((name) => findAgent(state, policy.metadata.namespace, name) ?? [])
}

/** An AuthorizationPolicy counts as enforced whatever its mode; everything else stands as it is in `state`. */
export function tryPolicy(state: MeshState, policy: TriablePolicy, observed: readonly ObservedCalls[]): Pick<PolicyTrial, 'calls' | 'refusedCalls' | 'admittedCalls' | 'refused' | 'admitted'> {
  const enforced = policy.kind === 'AuthorizationPolicy' ? { ...policy, spec: { ...policy.spec, mode: 'Enforce' as const } } : policy
  const after = applyChanges(state, [{ ref: refOf(policy), expected: 'any', after: enforced }])
  const rows = observed.flatMap(({ agent: key, items }) => {
    const agent = findAgent(state, key.split('/')[0] ?? '', key.split('/')[1] ?? '')
    return agent ? items.map((call) => ({ key, call, was: judge(state, agent, call), will: judge(after, agent, call) })) : []
  })
  const rowsWhere = (turned: (was: boolean, will: boolean) => boolean) =>
    rows
      .filter(({ was, will }) => turned(was.allowed, will.allowed))
      .map(({ key, call, will }): TrialRow => ({ agent: key, caller: call.caller, method: call.method, path: call.path, calls: call.calls, why: will.why, by: will.by }))
      .toSorted((a, b) => b.calls - a.calls)
  const [refused, admitted] = [rowsWhere((was, will) => was && !will), rowsWhere((was, will) => !was && will)]
  const sum = (list: readonly { calls: number }[]) => list.reduce((total, { calls }) => total + calls, 0)
  return { calls: sum(observed), refusedCalls: sum(refused), admittedCalls: sum(admitted), refused, admitted }
}

interface Judgement {
  allowed: boolean
  why: string
  by: TrialRow['by']
}

/** Nobody of this trust domain: rules that name callers do not fit, and only a permissive agent takes such a call by default. */
const NOBODY = { namespace: '', agent: '' }

function judge(state: MeshState, agent: Agent, { caller, method, path }: ObservedCall): Judgement {
  const id = caller === null ? null : parseSpiffeId(caller)
  const known = id !== null && id.trustDomain === state.trustDomain
  const { allowed, steps } = explainPolicies(state, agent, known ? { namespace: id.namespace, agent: id.agent } : NOBODY, { path, method, headers: {} })
  const decides = steps.find((step) => step.decides)
  const byDefault = decides?.object === null && decides.effect === 'allow'
  if (caller === null && mtlsOf(state, agent) === 'strict') return { allowed: false, why: 'it comes in plaintext, and only mutual TLS is taken', by: null } // before any policy is asked
  if (byDefault && !known && mtlsOf(state, agent) !== 'permissive') return { allowed: false, why: 'it comes without an identity of this mesh', by: null }
  const why = decides?.object ? `${describeRef(decides.object)}, rule ${(decides.rule ?? 0) + 1}, ${decides.why}` : (decides?.why ?? 'nothing decides')
  return { allowed, why, by: decides?.object ?? null }
}
