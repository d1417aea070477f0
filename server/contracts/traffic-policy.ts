// How calls to an agent are spread, bounded and protected. Every field may be left out; what is left out stays at a default that
// suits long agent calls: no request timeout, no retry, no ejection, limits far above what one agent takes.
import { z } from 'zod'
import { Duration } from './http-route.ts'
import { AgentTarget, HEDDLE_API, ObjectMeta } from './meta.ts'
import { HeaderName } from './route-filters.ts'

const Percent = z.number().min(0).max(100)
const Count = z.number().int().min(1).max(1_000_000)

export const LoadBalancer = z
  .strictObject({
    policy: z.enum(['RoundRobin', 'LeastRequest', 'Random', 'RingHash', 'Maglev', 'Utilization']).default('LeastRequest'),
    /** RingHash and Maglev: calls with the same value of this header go to the same instance. */
    hashHeader: HeaderName.optional(),
    /** RoundRobin and LeastRequest: a new instance gets its full share only after this time. */
    slowStart: z.strictObject({ window: Duration }).optional(),
    /**
     * Utilization: by the load that answers report in `endpoint-load-metrics` (ORCA); an instance that reports none gets the mean.
     * https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto
     */
    utilization: z
      .strictObject({
        /** An instance reports for this long before its own figures count. */
        blackoutPeriod: Duration.default('10s'),
        /** How much an instance's share of failed calls adds to its load; 0 is not at all. */
        errorPenalty: z.number().min(0).max(1000).default(1),
      })
      .optional(),
  })
  .refine(({ policy, hashHeader }) => (policy === 'RingHash' || policy === 'Maglev') === (hashHeader !== undefined), { path: ['hashHeader'], message: 'RingHash and Maglev need the header to hash, the others take none' })
  .refine(({ policy, slowStart }) => !slowStart || policy === 'RoundRobin' || policy === 'LeastRequest', { path: ['slowStart'], message: 'slow start is for RoundRobin and LeastRequest' })
  .refine(({ policy, utilization }) => !utilization || policy === 'Utilization', { path: ['utilization'], message: 'only the policy Utilization reads what answers report' })

/**
 * Calls stay with instances of the caller's own zone. A zone may be written `REGION/ZONE`: the same region then comes before the rest.
 * `failoverBelowPercent`: the nearest keep every call while at least this share of them is healthy; below it, calls overflow to the next.
 */
export const Locality = z.strictObject({ failoverBelowPercent: z.number().int().min(1).max(100).default(70) })

/** Bounds of one caller's sidecar towards one version; what goes beyond is refused at once with 503. */
export const CircuitBreaker = z.strictObject({
  maxConnections: Count.optional(),
  maxPendingRequests: Count.optional(),
  maxRequests: Count.optional(),
  maxRetries: Count.optional(),
})

export const Connections = z.strictObject({
  connectTimeout: Duration.optional(),
  /** A connection without a call is closed after this. */
  idleTimeout: Duration.optional(),
  maxRequestsPerConnection: Count.optional(),
  keepalive: z.strictObject({ interval: Duration.default('30s'), timeout: Duration.default('5s') }).optional(),
})

/** An instance that fails is left out for a while; a caller's sidecar judges by its own calls. */
export const OutlierDetection = z
  .strictObject({
    consecutive5xx: Count.optional(),
    /** 502, 503, 504, and calls that reached nobody. */
    consecutiveGatewayErrors: Count.optional(),
    interval: Duration.default('5s'),
    baseEjectionTime: Duration.default('30s'),
    maxEjectionPercent: Percent.default(50),
  })
  .refine((one) => one.consecutive5xx !== undefined || one.consecutiveGatewayErrors !== undefined, 'say what ejects: consecutive5xx, consecutiveGatewayErrors or both')

/** Counted by each instance's own sidecar; what goes beyond is refused with 429. */
export const RateLimit = z.strictObject({
  requests: Count,
  per: Duration.default('1s'),
  /** Calls that may come at once after a quiet time; `requests` when left out. */
  burst: Count.optional(),
  /** Every caller identity has a bucket of its own. */
  perCaller: z.boolean().default(false),
})

/** Trouble on purpose, in the callers' sidecars. */
export const Fault = z
  .strictObject({
    delay: z.strictObject({ duration: Duration, percent: Percent.default(100) }).optional(),
    abort: z.strictObject({ status: z.number().int().min(400).max(599), percent: Percent.default(100) }).optional(),
    /** Only calls that carry this header with this value. */
    header: z.strictObject({ name: HeaderName, value: z.string().min(1).max(4096) }).optional(),
  })
  .refine(({ delay, abort }) => delay !== undefined || abort !== undefined, 'say delay, abort or both')

export const TrafficPolicySpec = z.strictObject({
  targetRefs: z.array(AgentTarget).min(1).max(64),
  loadBalancer: LoadBalancer.optional(),
  locality: Locality.optional(),
  circuitBreaker: CircuitBreaker.optional(),
  connections: Connections.optional(),
  outlierDetection: OutlierDetection.optional(),
  /** Below this share of healthy instances all are used again; 0 never does it. */
  panicThresholdPercent: Percent.optional(),
  rateLimit: RateLimit.optional(),
  fault: Fault.optional(),
})
export type TrafficPolicySpec = z.infer<typeof TrafficPolicySpec>

export const TrafficPolicy = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('TrafficPolicy'),
  metadata: ObjectMeta,
  spec: TrafficPolicySpec,
  status: z.unknown().optional(),
})
export type TrafficPolicy = z.infer<typeof TrafficPolicy>
