// What an Envoy may lack and still be sent everything else: the extension as a node lists it, and what its absence means.
export const OPTIONAL_EXTENSIONS = {
  semantic: { type: 'envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor', without: 'tasks are not read, and AgentRoutes that decide by them take their fallback' },
  fault: { type: 'envoy.extensions.filters.http.fault.v3.HTTPFault', without: 'faults are not made' },
  cors: { type: 'envoy.extensions.filters.http.cors.v3.Cors', without: 'browsers of other origins are not answered' },
  rateLimit: { type: 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', without: 'rate limits do not hold' },
  utilization: { type: 'envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin', without: 'Utilization spreads by least requests' },
} as const satisfies Record<string, { type: string; without: string }>
export type OptionalExtension = keyof typeof OPTIONAL_EXTENSIONS
