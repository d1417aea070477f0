// TrafficPolicies that cannot do what they are for, or do it to the wrong ones.
import type { MeshState } from '../../contracts/mesh-state.ts'
import type { TrafficPolicy } from '../../contracts/traffic-policy.ts'
import { durationMs } from '../duration.ts'
import { findAgent, versionsOf, type Version } from '../reach.ts'
import type { Tell } from './analyze.ts'

/** What a limit is when nobody sets it. */
const LIMIT_DEFAULT = 65_536
const RETRIES_BOUNDED = 100
const KEEPALIVE_MS_MIN = 10_000
const IDLE_MS_MIN = 5000

export function analyzeTraffic(state: MeshState, tell: Tell): void {
  for (const policy of state.trafficPolicies) {
    const agents = policy.spec.targetRefs.flatMap((target) => findAgent(state, policy.metadata.namespace, target.name) ?? [])
    tellEjection(policy, agents.flatMap((agent) => versionsOf(state, agent)), tell)
    tellLimits(policy, agents.flatMap((agent) => versionsOf(state, agent)), tell)
    tellConnections(policy, tell)
    tellLocality(policy, agents.flatMap((agent) => versionsOf(state, agent)), tell)
    const { fault } = policy.spec
    if (fault && !fault.header && (fault.abort?.percent ?? 0) >= 50) tell(policy, '/spec/fault', 'fault_hits_everybody', `${fault.abort?.percent} % of all calls are answered ${fault.abort?.status}`)
  }
}

function tellEjection(policy: TrafficPolicy, versions: readonly Version[], tell: Tell): void {
  const { outlierDetection, panicThresholdPercent = 0 } = policy.spec
  if (!outlierDetection) return
  const alone = versions.find((version) => version.instances.length === 1)
  if (alone) tell(policy, '/spec/outlierDetection', 'ejection_leaves_nobody', `${alone.agent} ${alone.version} has one instance: without it every call fails`)
  else if (outlierDetection.maxEjectionPercent === 100) tell(policy, '/spec/outlierDetection/maxEjectionPercent', 'ejection_leaves_nobody', 'all instances may be left out at once')
  if (panicThresholdPercent > 0 && panicThresholdPercent >= 100 - outlierDetection.maxEjectionPercent) tell(policy, '/spec/panicThresholdPercent', 'panic_undoes_ejection', `with ${outlierDetection.maxEjectionPercent} % left out, fewer than ${panicThresholdPercent} % are healthy, so all are used again`)
}

function tellLocality(policy: TrafficPolicy, versions: readonly Version[], tell: Tell): void {
  const lost = policy.spec.locality && versions.flatMap((version) => version.instances).find((instance) => instance.zone === '')
  if (lost) tell(policy, '/spec/locality', 'locality_unknown', `nobody said where ${lost.id} is, so it is near to no caller`)
}

function tellLimits(policy: TrafficPolicy, versions: readonly Version[], tell: Tell): void {
  const { circuitBreaker: breaker } = policy.spec
  if (!breaker) return
  for (const field of ['maxConnections', 'maxPendingRequests', 'maxRequests'] as const) if ((breaker[field] ?? 0) >= LIMIT_DEFAULT) tell(policy, `/spec/circuitBreaker/${field}`, 'breaker_never_opens', `${breaker[field]} is no less than the default of ${LIMIT_DEFAULT}`)
  const most = Math.max(0, ...versions.map((version) => version.instances.length))
  if (breaker.maxConnections !== undefined && breaker.maxConnections < most) tell(policy, '/spec/circuitBreaker/maxConnections', 'breaker_starves', `a version has ${most} instances, and ${breaker.maxConnections} connections reach no more than as many`)
  if ((breaker.maxRetries ?? 0) > RETRIES_BOUNDED) tell(policy, '/spec/circuitBreaker/maxRetries', 'retry_budget_off', `${breaker.maxRetries} retries at once may bury a version in trouble`)
}

function tellConnections(policy: TrafficPolicy, tell: Tell): void {
  const { connections } = policy.spec
  if (connections?.keepalive && durationMs(connections.keepalive.interval) < KEEPALIVE_MS_MIN) tell(policy, '/spec/connections/keepalive/interval', 'keepalive_eager', `every idle connection is asked each ${connections.keepalive.interval}`)
  if (connections?.idleTimeout && durationMs(connections.idleTimeout) < IDLE_MS_MIN) tell(policy, '/spec/connections/idleTimeout', 'connections_short_lived', `connections are closed ${connections.idleTimeout} after their last call`)
  if (connections?.maxRequestsPerConnection !== undefined && connections.maxRequestsPerConnection < 10) tell(policy, '/spec/connections/maxRequestsPerConnection', 'connections_short_lived', `a new handshake every ${connections.maxRequestsPerConnection} calls`)
}
