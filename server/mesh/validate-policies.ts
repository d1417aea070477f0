import type { MeshState } from '../contracts/mesh-state.ts'
import type { PeerAuthentication } from '../contracts/peer-authentication.ts'
import type { TrafficPolicy, TrafficPolicySpec } from '../contracts/traffic-policy.ts'
import { durationMs } from './duration.ts'
import { eachRepeated, type Says } from './finding.ts'
import { compareAge } from './precedence.ts'
import { findAgent } from './reach.ts'
import { findOlderRival, type Targeting } from './targets.ts'

/** Agents that a policy names: there, and once. */
export function validateTargets(state: MeshState, { metadata, spec }: Targeting, says: Says): void {
  for (const [index, target] of spec.targetRefs.entries())
    if (!findAgent(state, metadata.namespace, target.name)) says.problem(`/spec/targetRefs/${index}/name`, 'dangling', `there is no agent “${target.name}” in namespace “${metadata.namespace}”`)
  eachRepeated(spec.targetRefs, (target) => target.name, (index) => says.problem(`/spec/targetRefs/${index}/name`, 'repeated', 'this agent is named twice'))
}

/** Envoy takes no token bucket that fills faster. */
const RATE_PERIOD_MS_MIN = 50
const HTTP_ONLY = ['rateLimit', 'fault'] as const

export function validateTrafficPolicy(state: MeshState, policy: TrafficPolicy, says: Says): void {
  validateTargets(state, policy, says)
  const { spec } = policy
  if (fieldsOf(spec).length === 0) says.problem('/spec', 'without_effect', 'this policy says nothing about its agents’ traffic')
  const agents = spec.targetRefs.map((target) => findAgent(state, policy.metadata.namespace, target.name))
  if (agents.some((agent) => agent?.spec.protocol === 'tcp'))
    for (const field of HTTP_ONLY) if (spec[field]) says.problem(`/spec/${field}`, 'without_effect', `${field} counts calls, and a TCP agent has connections alone`)
  if (agents.some((agent) => agent?.spec.protocol === 'tcp') && spec.loadBalancer?.policy === 'Utilization') says.problem('/spec/loadBalancer/policy', 'without_effect', 'answers report their load in a header, and a TCP agent has none')
  for (const { pointer, duration } of durationsOf(spec)) if (durationMs(duration) === 0) says.problem(pointer, 'too_small', 'this must be above 0')
  if (spec.rateLimit && durationMs(spec.rateLimit.per) > 0 && durationMs(spec.rateLimit.per) < RATE_PERIOD_MS_MIN) says.problem('/spec/rateLimit/per', 'too_small', `at least ${RATE_PERIOD_MS_MIN} ms`)
  if (spec.rateLimit?.burst !== undefined && spec.rateLimit.burst < spec.rateLimit.requests) says.problem('/spec/rateLimit/burst', 'too_small', 'a burst smaller than `requests` would be the limit itself; leave it out or raise it')
  if (spec.connections?.connectTimeout && durationMs(spec.connections.connectTimeout) > 60_000) says.warning('/spec/connections/connectTimeout', 'slow_to_notice', 'an instance that is gone holds each call for that long')
  if (spec.fault) says.warning('/spec/fault', 'fault_on_purpose', 'calls are delayed or fail on purpose while this stands')
  warnOverridden(state, policy, says)
}

function fieldsOf(spec: TrafficPolicySpec): (keyof TrafficPolicySpec)[] {
  return (Object.keys(spec) as (keyof TrafficPolicySpec)[]).filter((field) => field !== 'targetRefs' && spec[field] !== undefined) // keys of a parsed spec are its fields
}

function durationsOf(spec: TrafficPolicySpec): { pointer: string; duration: string }[] {
  const { loadBalancer, connections, outlierDetection, rateLimit, fault } = spec
  const entries: [string, string | undefined][] = [
    ['/spec/loadBalancer/slowStart/window', loadBalancer?.slowStart?.window],
    ['/spec/loadBalancer/utilization/blackoutPeriod', loadBalancer?.utilization?.blackoutPeriod],
    ['/spec/connections/connectTimeout', connections?.connectTimeout],
    ['/spec/connections/idleTimeout', connections?.idleTimeout],
    ['/spec/connections/keepalive/interval', connections?.keepalive?.interval],
    ['/spec/connections/keepalive/timeout', connections?.keepalive?.timeout],
    ['/spec/outlierDetection/interval', outlierDetection?.interval],
    ['/spec/outlierDetection/baseEjectionTime', outlierDetection?.baseEjectionTime],
    ['/spec/rateLimit/per', rateLimit?.per],
    ['/spec/fault/delay/duration', fault?.delay?.duration],
  ]
  return entries.flatMap(([pointer, duration]) => (duration === undefined ? [] : [{ pointer, duration }]))
}

function warnOverridden(state: MeshState, policy: TrafficPolicy, says: Says): void {
  for (const other of state.trafficPolicies) {
    if (other === policy || other.metadata.namespace !== policy.metadata.namespace || compareAge(other, policy) > 0) continue
    const shared = policy.spec.targetRefs.find((target) => other.spec.targetRefs.some((one) => one.name === target.name))
    if (!shared) continue
    for (const field of fieldsOf(policy.spec)) if (other.spec[field] !== undefined) says.warning(`/spec/${field}`, 'overridden', `TrafficPolicy “${other.metadata.name}” is older and says this for “${shared.name}” already`)
  }
}

export function validatePeerAuthentication(state: MeshState, policy: PeerAuthentication, says: Says): void {
  validateTargets(state, policy, says)
  if (policy.spec.mtls === 'permissive') says.warning('/spec/mtls', 'plaintext_taken', 'callers without an identity get in, and are told apart by nothing')
  const rival = findOlderRival(state.peerAuthentications, policy)
  if (rival) says.warning('/spec', 'overridden', `PeerAuthentication “${rival.metadata.name}” is older and decides for the same agents`)
}
