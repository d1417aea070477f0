// The least policy that lets the observed calls through: the callers that came, with the methods and paths that they used.
import type { Agent } from '../contracts/agent.ts'
import type { AuthorizationPolicy } from '../contracts/authorization-policy.ts'
import { AuthorizationPolicySpec } from '../contracts/authorization-policy.ts'
import { parseSpiffeId } from '../contracts/ids.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import type { ObservedCall } from '../contracts/policy-trial.ts'
import { HTTPMethod } from '../contracts/route-filters.ts'
import { compareText } from './precedence.ts'

type Rule = AuthorizationPolicySpec['rules'][number]
type Caller = Rule['from'][number]

/** More paths than this under one method become what begins alike, then every path. */
const PATHS_MAX = 8
/** A segment that is made for one thing: numbers, UUIDs, hashes. */
const ID_SEGMENT = /^(\d+|[0-9a-f]{8,}(-[0-9a-f]{4,})*|[A-Za-z0-9_-]{20,})$/

/** Null without a caller that can be named. It begins as an audit, which refuses nobody. */
export function proposePolicy(state: MeshState, agent: Agent, calls: readonly ObservedCall[]): { policy: AuthorizationPolicy | null; notes: string[] } {
  const taken = calls.filter(({ calls: made, refused }) => made > refused)
  const named = taken.filter(({ caller }) => idOf(state, caller) !== null)
  const nameless = sum(taken) - sum(named)
  const notes = [
    ...(sum(calls) > sum(taken) ? [`${sum(calls) - sum(taken)} calls were refused then, and stay out.`] : []),
    ...(nameless > 0 ? [`${nameless} calls came without an identity of this mesh; no rule can name them, so they would be refused.`] : []),
  ]
  if (named.length === 0) return { policy: null, notes: [...notes, 'Nobody with an identity called in this time.'] }
  const byCaller = Map.groupBy(named, ({ caller }) => caller)
  const rules = Map.groupBy([...byCaller], ([, made]) => JSON.stringify(agent.spec.protocol === 'tcp' ? [] : operationsOf(made)))
  const spec = AuthorizationPolicySpec.parse({
    targetRefs: [{ name: agent.metadata.name }],
    action: 'Allow',
    mode: 'Audit',
    rules: [...rules].map(([to, callers]) => ({ from: callersOf(state, agent, callers.map(([caller]) => caller)), to: JSON.parse(to) as Rule['to'] })), // made by JSON.stringify above
  })
  const { namespace } = agent.metadata
  const policy: AuthorizationPolicy = { apiVersion: HEDDLE_API, kind: 'AuthorizationPolicy', metadata: { name: freeName(state, namespace, agent.metadata.name), namespace, labels: {}, annotations: {} }, spec }
  return { policy, notes: [...notes, 'It begins as an audit: enforce it once no span records a refusal.'] }
}

function operationsOf(calls: readonly ObservedCall[]): Rule['to'] {
  const byMethod = Map.groupBy(calls, ({ method }) => method)
  const methods = [...byMethod].flatMap(([method, made]) => {
    const known = HTTPMethod.safeParse(method)
    return known.success ? [{ method: known.data, paths: pathsOf(made.map(({ path }) => path)) }] : []
  })
  if (methods.length < byMethod.size) return [] // a method that no rule can name: every call
  const alike = Map.groupBy(methods, ({ paths }) => paths.join(' '))
  return [...alike.values()].map((group) => ({ methods: group.map(({ method }) => method).sort(compareText), paths: group[0]?.paths ?? [], tools: [] })).toSorted((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)))
}

/** Exact paths; what begins alike where a path holds an id or there are many; none, for every path, where that is not enough. */
export function pathsOf(paths: readonly string[]): string[] {
  const settled = covered([...new Set(paths.map(withoutIds))])
  if (settled.length <= PATHS_MAX) return settled
  const roots = covered([...new Set(settled.map((path) => path.replace(/^(\/[^/]*\/).+$/, '$1*')))])
  return roots.length <= PATHS_MAX ? roots : []
}

function withoutIds(path: string): string {
  const segments = path.split('/')
  const at = segments.findIndex((segment) => ID_SEGMENT.test(segment))
  const short = at < 0 ? path : `${segments.slice(0, at).join('/')}/*`
  // A path that ends in * by itself would be read as what begins so, and a long one is no path of a rule.
  return short.length <= 1024 ? short : `${short.slice(0, 1023)}*`
}

function covered(paths: readonly string[]): string[] {
  const begins = (path: string, other: string) => other !== path && other.endsWith('*') && path.startsWith(other.slice(0, -1))
  return paths.filter((path) => !paths.some((other) => begins(path, other))).toSorted(compareText)
}

/** Agents of the policy's own namespace by name alone, others with theirs. */
function callersOf(state: MeshState, { metadata }: Agent, callers: readonly (string | null)[]): Caller[] {
  const ids = callers.flatMap((caller) => idOf(state, caller) ?? [])
  const byNamespace = [...Map.groupBy(ids, ({ namespace }) => namespace)].toSorted(([a], [b]) => compareText(a, b))
  return byNamespace.map(([namespace, group]) => ({ identities: [], agents: group.map(({ agent }) => agent).sort(compareText), namespaces: namespace === metadata.namespace ? [] : [namespace] }))
}

function idOf(state: MeshState, caller: string | null) {
  const id = caller === null ? null : parseSpiffeId(caller)
  return id?.trustDomain === state.trustDomain ? id : null
}

function freeName(state: MeshState, namespace: string, agent: string): string {
  const isTaken = (name: string) => state.policies.some((policy) => policy.metadata.namespace === namespace && policy.metadata.name === name)
  const names = [`${agent}-callers`, `${agent}-callers-observed`]
  return names.find((name) => !isTaken(name)) ?? `${agent}-callers-${state.revision}`
}

function sum(list: readonly { calls: number }[]): number {
  return list.reduce((total, { calls }) => total + calls, 0)
}
