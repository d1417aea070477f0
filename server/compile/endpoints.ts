// Where a version's calls may land (EDS), the nearest first where a TrafficPolicy asks for that.
import type { Instance } from '../contracts/mesh-state.ts'
import { nearness } from '../mesh/locality.ts'
import type { Version } from '../mesh/reach.ts'
import type { TrafficRules } from '../mesh/traffic-policy.ts'
import type { Json } from './encode.ts'
import { endpointHealth, endpointWeight } from './health.ts'
import { clusterName } from './names.ts'

/** Who asks, when nearness counts. */
export interface Nearby {
  /** The caller's. */
  zone: string
  locality: NonNullable<TrafficRules['locality']>
}

/** The addresses of a version, zones and instances each in a fixed order. */
export function compileEndpoints(version: Version, nearby?: Nearby): Json {
  const zones = Map.groupBy(version.instances, (instance) => instance.zone)
  const names = [...zones.keys()].sort()
  const priorities = nearby ? prioritiesOf(names, nearby.zone) : new Map<string, number>()
  return {
    cluster_name: clusterName(version),
    endpoints: names.map((zone) => ({
      locality: { zone },
      ...((priorities.get(zone) ?? 0) > 0 ? { priority: priorities.get(zone) } : {}),
      lb_endpoints: (zones.get(zone) ?? []).map((instance) => lbEndpoint(instance, version.instances)),
    })),
    ...(nearby ? { policy: { overprovisioning_factor: overprovisioning(nearby.locality.failoverBelowPercent) } } : {}),
  }
}

/** From 0 without a gap, as Envoy asks: what is equally near shares one. */
function prioritiesOf(zones: readonly string[], from: string): Map<string, number> {
  const steps = [...new Set(zones.map((zone) => nearness(from, zone)))].sort((a, b) => b - a)
  return new Map(zones.map((zone) => [zone, steps.indexOf(nearness(from, zone))]))
}

/** Envoy keeps a priority whole while its healthy share times this factor reaches 100 %. */
function overprovisioning(failoverBelowPercent: number): number {
  return Math.ceil(10_000 / failoverBelowPercent)
}

function lbEndpoint(instance: Instance, among: readonly Instance[]): Json {
  return {
    endpoint: { address: { socket_address: { address: instance.address, port_value: instance.port } } },
    ...endpointHealth(instance),
    load_balancing_weight: endpointWeight(instance, among),
    ...(instance.tls ? {} : { metadata: { filter_metadata: { 'envoy.transport_socket_match': { plaintext: true } } } }),
  }
}
