// Who decides whether an agent takes a call: revocations and Deny rules first, then Allow rules, then the posture without any.
import type { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import type { Agent } from '../contracts/agent.ts'
import type { PolicyStep } from '../contracts/explain.ts'
import { spiffeIdOf } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { refOf } from '../contracts/object.ts'
import { matchesCaller, type AgentRef } from './authorize.ts'
import { splitPath, type RequestView } from './match.ts'
import { allowsTool, deniesTool, TOOL_CALL, type McpCall } from './mcp-tools.ts'
import { compareText } from './precedence.ts'

export interface Verdict {
  allowed: boolean
  steps: PolicyStep[]
}

/** `request` as the callee's sidecar reads it. */
export function explainPolicies(state: MeshState, agent: Agent, caller: AgentRef, request: RequestView): Verdict {
  const policies = state.policies
    .filter((policy) => policy.metadata.namespace === agent.metadata.namespace && policy.spec.targetRefs.some((target) => target.name === agent.metadata.name))
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name))
  const of = (action: 'Allow' | 'Deny') => policies.filter((policy) => policy.spec.action === action).flatMap((policy) => stepsOf(state, policy, caller, request))
  const steps = [...revokedSteps(state, caller), ...of('Deny'), ...of('Allow')]
  const enforced = steps.filter((step) => step.mode === 'Enforce')
  const denied = enforced.find((step) => step.effect === 'deny' && step.applies)
  const allowed = enforced.find((step) => step.effect === 'allow' && step.applies)
  const guarded = policies.some((policy) => policy.spec.action === 'Allow' && policy.spec.mode === 'Enforce')
  const base = { object: null, rule: null, mode: 'Enforce', applies: true, decides: true } as const
  if (denied) denied.decides = true
  else if (allowed) allowed.decides = true
  else if (guarded) steps.push({ ...base, effect: 'deny', why: 'an Allow policy guards this agent, and none of its rules names this call' })
  else steps.push({ ...base, effect: 'allow', why: `no Allow policy guards this agent, so it takes every caller of ${state.trustDomain}` })
  return { allowed: !denied && (allowed !== undefined || !guarded), steps }
}

function revokedSteps(state: MeshState, caller: AgentRef): PolicyStep[] {
  const id = spiffeIdOf(state.trustDomain, caller.namespace, caller.agent)
  if (!state.revoked.includes(id)) return []
  return [{ object: null, rule: null, effect: 'deny', mode: 'Enforce', applies: true, decides: false, why: `${id} is revoked` }]
}

function stepsOf(state: MeshState, policy: AuthorizationPolicy, caller: AgentRef, request: RequestView): PolicyStep[] {
  return policy.spec.rules.map((rule, index) => {
    const why = whyNotRule(state, policy, rule, caller, request)
    return { object: refOf(policy), rule: index, effect: policy.spec.action === 'Deny' ? 'deny' : 'allow', mode: policy.spec.mode, applies: why === null, decides: false, why: why ?? 'names this caller and this call' }
  })
}

type Rule = AuthorizationPolicy['spec']['rules'][number]

function whyNotRule(state: MeshState, policy: AuthorizationPolicy, rule: Rule, caller: AgentRef, request: RequestView): string | null {
  if (!matchesCaller(state, policy, rule.from, caller)) return `does not name the caller ${caller.namespace}/${caller.agent}`
  if (rule.to.length === 0) return null
  const { pathname } = splitPath(request.path)
  const call = mcpCallOf(request)
  const namesTool = policy.spec.action === 'Allow' ? allowsTool : deniesTool
  const fits = rule.to.some(({ methods, paths, tools }) => (methods.length === 0 || methods.some((method) => method === request.method)) && (paths.length === 0 || paths.some((path) => (path.endsWith('*') ? pathname.startsWith(path.slice(0, -1)) : pathname === path))) && (tools.length === 0 || namesTool(tools, call)))
  return fits ? null : `does not name ${request.method} ${pathname}${call.name ? ` with the tool ${call.name}` : ''}`
}

/** An MCP client of revision 2026-07-28 says in headers what its body says; asked without a body, they are what there is. */
function mcpCallOf({ method, headers }: RequestView): McpCall {
  const name = headers['mcp-name'] ?? ''
  return { httpMethod: method, method: headers['mcp-method'] ?? (name ? TOOL_CALL : ''), name }
}
