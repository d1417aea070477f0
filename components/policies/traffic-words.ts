import type { TrafficPolicySpec } from '#server/contracts/traffic-policy.ts'

const BALANCERS = {
  RoundRobin: 'go to the ready instances in turn',
  LeastRequest: 'go to the instance with the fewest open ones',
  Random: 'go to an instance by chance',
  RingHash: 'stay with one instance',
  Maglev: 'stay with one instance',
  Utilization: 'go by the load that answers report',
} as const

/** A traffic policy in sentences, one for each thing it says. */
export function describeTraffic(spec: TrafficPolicySpec): string[] {
  const sentences = [balance(spec), zones(spec), limits(spec), connections(spec), outliers(spec), rate(spec), ...faults(spec)].filter((sentence) => sentence !== null)
  return sentences.length > 0 ? sentences : ['It says nothing yet: every default stands.']
}

function balance({ loadBalancer }: TrafficPolicySpec): string | null {
  if (!loadBalancer) return null
  const { policy, hashHeader, slowStart } = loadBalancer
  return `Calls ${BALANCERS[policy]}${hashHeader ? ` by the header ${hashHeader}` : ''}${slowStart ? `; a new instance gets its full share after ${slowStart.window}` : ''}.`
}

function zones({ locality }: TrafficPolicySpec): string | null {
  return locality ? `Calls stay in the caller’s zone while ${locality.failoverBelowPercent} % of it is healthy.` : null
}

function limits({ circuitBreaker: breaker }: TrafficPolicySpec): string | null {
  if (!breaker) return null
  const bounds = [
    breaker.maxRequests !== undefined && `${breaker.maxRequests} calls at once`,
    breaker.maxPendingRequests !== undefined && `${breaker.maxPendingRequests} waiting`,
    breaker.maxConnections !== undefined && `${breaker.maxConnections} connections`,
    breaker.maxRetries !== undefined && `${breaker.maxRetries} retries under way`,
  ].filter((bound) => bound !== false)
  return bounds.length > 0 ? `Each caller may have ${bounds.join(', ')}; more is answered 503 at once.` : null
}

function connections({ connections: asked }: TrafficPolicySpec): string | null {
  if (!asked) return null
  const words = [
    asked.connectTimeout && `is given up after ${asked.connectTimeout}`,
    asked.idleTimeout && `closes after ${asked.idleTimeout} without a call`,
    asked.maxRequestsPerConnection !== undefined && `carries ${asked.maxRequestsPerConnection} calls at most`,
    asked.keepalive && `is checked every ${asked.keepalive.interval}`,
  ].filter(Boolean)
  return words.length > 0 ? `A connection ${words.join(', ')}.` : null
}

function outliers({ outlierDetection: outlier, panicThresholdPercent: panic }: TrafficPolicySpec): string | null {
  const floor = panic === undefined ? '' : `Below ${panic} % healthy instances all are used again.`
  if (!outlier) return floor || null
  const causes = [outlier.consecutive5xx !== undefined && `${outlier.consecutive5xx} answers of 5xx`, outlier.consecutiveGatewayErrors !== undefined && `${outlier.consecutiveGatewayErrors} gateway errors`].filter(Boolean)
  return `An instance is left out for ${outlier.baseEjectionTime} after ${causes.join(' or ')} in a row, at most ${outlier.maxEjectionPercent} % of them.${floor && ` ${floor}`}`
}

function rate({ rateLimit: limit }: TrafficPolicySpec): string | null {
  if (!limit) return null
  return `An instance takes ${limit.requests} calls per ${limit.per}${limit.perCaller ? ' from each caller' : ''}${limit.burst === undefined ? '' : `, ${limit.burst} at once after a quiet time`}; more is answered 429.`
}

function faults({ fault }: TrafficPolicySpec): string[] {
  if (!fault) return []
  const which = fault.header ? ` with ${fault.header.name}: ${fault.header.value}` : ''
  return [
    ...(fault.delay ? [`On purpose, ${fault.delay.percent} % of the calls${which} wait ${fault.delay.duration}.`] : []),
    ...(fault.abort ? [`On purpose, ${fault.abort.percent} % of the calls${which} are answered ${fault.abort.status}.`] : []),
  ]
}
