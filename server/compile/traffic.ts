// TrafficPolicy → fields of clusters (the callers' side), of virtual hosts (faults) and of the inbound routes (rate limits). None
// of it is in a listener, so an edit drains nothing.
import type { TrafficRules } from '../mesh/traffic-policy.ts'
import type { Json } from './encode.ts'
import { typeUrl } from './names.ts'
import { seconds } from './route-limits.ts'

export const FAULT_FILTER = 'heddle.fault'
export const LIMIT_FILTER = 'heddle.limit'

/** Far above what one agent takes, so that Envoy's default of 1,024 streams never refuses a call on its own. */
const UNBOUNDED = { max_connections: 65_536, max_pending_requests: 65_536, max_requests: 65_536 }
/** Retries may add a fifth to what is under way, so that a version in trouble is not buried under them. */
const RETRY_BUDGET = { budget_percent: { value: 20 }, min_retry_concurrency: 10 }

const LB_POLICY = { Utilization: 'LOAD_BALANCING_POLICY_CONFIG', RoundRobin: 'ROUND_ROBIN', LeastRequest: 'LEAST_REQUEST', Random: 'RANDOM', RingHash: 'RING_HASH', Maglev: 'MAGLEV' } as const

/** `sticky` when a route keeps sessions with this agent's instances, which needs a spread by hash. */
export function compileSpreading(rules: TrafficRules, sticky: boolean): Json {
  const { policy = sticky ? 'Maglev' : 'LeastRequest', slowStart, utilization } = rules.loadBalancer ?? {}
  const config = slowStart ? { slow_start_config: { slow_start_window: seconds(slowStart.window) } } : undefined
  return {
    lb_policy: LB_POLICY[policy],
    ...(policy === 'Utilization' ? { load_balancing_policy: { policies: [{ typed_extension_config: byUtilization(utilization) }] } } : {}),
    ...(config && policy === 'RoundRobin' ? { round_robin_lb_config: config } : {}),
    ...(config && policy === 'LeastRequest' ? { least_request_lb_config: config } : {}),
    common_lb_config: { healthy_panic_threshold: { value: rules.panicThresholdPercent ?? 0 } },
    circuit_breakers: compileBreaker(rules.circuitBreaker),
    ...(rules.outlierDetection ? { outlier_detection: compileOutlier(rules.outlierDetection) } : {}),
  }
}

/** Weights are what each instance got done for the load it reported; every caller's sidecar counts for itself. */
function byUtilization({ blackoutPeriod, errorPenalty }: NonNullable<TrafficRules['loadBalancer']>['utilization'] = { blackoutPeriod: '10s', errorPenalty: 1 }): Json {
  return {
    name: 'envoy.load_balancing_policies.client_side_weighted_round_robin',
    typed_config: {
      '@type': typeUrl('envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin'),
      blackout_period: seconds(blackoutPeriod),
      error_utilization_penalty: errorPenalty,
    },
  }
}

export function compileBreaker(breaker: TrafficRules['circuitBreaker'] = {}): Json {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = breaker
  return {
    thresholds: [
      {
        max_connections: maxConnections ?? UNBOUNDED.max_connections,
        max_pending_requests: maxPendingRequests ?? UNBOUNDED.max_pending_requests,
        max_requests: maxRequests ?? UNBOUNDED.max_requests,
        ...(maxRetries === undefined ? { retry_budget: RETRY_BUDGET } : { max_retries: maxRetries }),
      },
    ],
  }
}

function compileOutlier(outlier: NonNullable<TrafficRules['outlierDetection']>): Json {
  const { consecutive5xx, consecutiveGatewayErrors, interval, baseEjectionTime, maxEjectionPercent } = outlier
  return {
    ...(consecutive5xx === undefined ? {} : { consecutive_5xx: consecutive5xx }),
    ...(consecutiveGatewayErrors === undefined ? {} : { consecutive_gateway_failure: consecutiveGatewayErrors }),
    enforcing_consecutive_5xx: consecutive5xx === undefined ? 0 : 100,
    enforcing_consecutive_gateway_failure: consecutiveGatewayErrors === undefined ? 0 : 100,
    enforcing_success_rate: 0,
    interval: seconds(interval),
    base_ejection_time: seconds(baseEjectionTime),
    max_ejection_percent: Math.round(maxEjectionPercent),
  }
}

/** Of `HttpProtocolOptions`. */
export function compileConnectionLife({ idleTimeout, maxRequestsPerConnection }: NonNullable<TrafficRules['connections']> = {}): Json {
  const options = {
    ...(idleTimeout ? { idle_timeout: seconds(idleTimeout) } : {}),
    ...(maxRequestsPerConnection ? { max_requests_per_connection: maxRequestsPerConnection } : {}),
  }
  return Object.keys(options).length > 0 ? { common_http_protocol_options: options } : {}
}

/** Filters that do nothing until a virtual host says so; they stand in every listener, so that a policy changes none. */
export function faultFilter(): Json {
  return { name: FAULT_FILTER, typed_config: { '@type': typeUrl('envoy.extensions.filters.http.fault.v3.HTTPFault') } }
}

export function limitFilter(): Json {
  return { name: LIMIT_FILTER, typed_config: { '@type': typeUrl('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'), stat_prefix: 'heddle_limit' } }
}

/** For a virtual host's `typed_per_filter_config`. */
export function compileFault(fault: TrafficRules['fault']): Json {
  if (!fault) return {}
  return {
    [FAULT_FILTER]: {
      '@type': typeUrl('envoy.extensions.filters.http.fault.v3.HTTPFault'),
      ...(fault.delay ? { delay: { fixed_delay: seconds(fault.delay.duration), percentage: fraction(fault.delay.percent) } } : {}),
      ...(fault.abort ? { abort: { http_status: fault.abort.status, percentage: fraction(fault.abort.percent) } } : {}),
      ...(fault.header ? { headers: [{ name: fault.header.name.toLowerCase(), string_match: { exact: fault.header.value } }] } : {}),
    },
  }
}

const CALLERS_MAX = 1000
/** What inbound mTLS writes of the caller; one value an identity. */
const CALLER_HEADER = 'x-forwarded-client-cert'

/** Callers without an identity share one bucket of the same size. */
export function compileRateLimit(limit: TrafficRules['rateLimit']): Json {
  if (!limit) return {}
  const token_bucket = { max_tokens: limit.burst ?? limit.requests, tokens_per_fill: limit.requests, fill_interval: seconds(limit.per) }
  const always = { default_value: { numerator: 100, denominator: 'HUNDRED' } }
  return {
    [LIMIT_FILTER]: {
      '@type': typeUrl('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'),
      stat_prefix: 'heddle_limit',
      token_bucket,
      filter_enabled: always,
      filter_enforced: always,
      ...(limit.perCaller
        ? {
            always_consume_default_token_bucket: false,
            max_dynamic_descriptors: CALLERS_MAX,
            descriptors: [{ entries: [{ key: 'caller' }], token_bucket }],
            rate_limits: [{ actions: [{ request_headers: { header_name: CALLER_HEADER, descriptor_key: 'caller' } }] }],
          }
        : {}),
    },
  }
}

function fraction(percent: number): Json {
  return { numerator: Math.round(percent * 10_000), denominator: 'MILLION' }
}
