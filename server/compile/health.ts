// Health as EDS says it: Envoy takes a change of it in the same moment, and drains nothing.
import type { Instance } from '../contracts/mesh-state.ts'
import { isUsable, tenthsOf, TENTHS_WHOLE } from '../mesh/instance-health.ts'
import type { Json } from './encode.ts'

/**
 * `health_status` of an endpoint; nothing for one that takes calls, so that a mesh without probes stays as it was. Envoy's own DEGRADED is not
 * used: beside one healthy endpoint of two it would still get three calls in ten.
 */
export function endpointHealth({ health = 'ready' }: Instance): Json {
  if (health === 'draining') return { health_status: 'DRAINING' }
  return health === 'asleep' || health === 'down' ? { health_status: 'UNHEALTHY' } : {}
}

/** Weights within one assignment: all are multiplied where one keeps only a part, so that its part is a whole number. */
export function endpointWeight(instance: Instance, among: readonly Instance[]): number {
  const partly = (one: Instance) => isUsable(one) && tenthsOf(one) < TENTHS_WHOLE
  if (!among.some(partly)) return instance.weight
  return instance.weight * (isUsable(instance) ? tenthsOf(instance) : TENTHS_WHOLE)
}
