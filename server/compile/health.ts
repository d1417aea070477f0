// Health as EDS says it: Envoy takes a change of it in the same moment, and drains nothing.
import type { Instance } from '../contracts/mesh-state.ts'
import { OVERLOADED_SHARE } from '../mesh/instance-health.ts'
import type { Json } from './encode.ts'

/** `health_status` of an endpoint; nothing for one that is ready, so that a mesh without probes stays as it was. */
export function endpointHealth({ health = 'ready' }: Instance): Json {
  switch (health) {
    case 'ready':
    case 'overloaded':
      return {}
    case 'degraded': // gets calls when too few others are healthy
      return { health_status: 'DEGRADED' }
    case 'draining':
      return { health_status: 'DRAINING' }
    case 'asleep':
    case 'down':
      return { health_status: 'UNHEALTHY' }
  }
}

/** Weights within one assignment: all are multiplied where one is overloaded, so that its part stays a whole number. */
export function endpointWeight(instance: Instance, among: readonly Instance[]): number {
  if (!among.some((one) => one.health === 'overloaded')) return instance.weight
  const factor = 1 / OVERLOADED_SHARE
  return instance.health === 'overloaded' ? instance.weight : instance.weight * factor
}
